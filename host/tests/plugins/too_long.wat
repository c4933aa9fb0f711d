;; failed a text is longer than the limit of 16384 bytes
(func (export "compute") (param $function i32) (param $function_length i32) (param $argument i32) (param $argument_length i32) (result i32)
    (call $text (i32.const 1024) (i32.const 16385))
)
