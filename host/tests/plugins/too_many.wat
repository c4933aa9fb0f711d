;; failed more texts came out than the limit of 1000
(func (export "compute") (param $function i32) (param $function_length i32) (param $argument i32) (param $argument_length i32) (result i32)
    (call $strings (i32.const 32768) (i32.const 1001))
)
