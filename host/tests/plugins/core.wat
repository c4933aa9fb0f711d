;; unusable whole
;; A core module is no component.
(module
    (memory (export "memory") 1)
)
