;; unusable whole
(component)
