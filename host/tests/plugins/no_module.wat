;; unusable
(func (export "something_else"))
