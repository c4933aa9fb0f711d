;; failed the component trapped
(data (i32.const 1024) "\ff\fe")
(func (export "compute") (param $function i32) (param $function_length i32) (param $argument i32) (param $argument_length i32) (result i32)
    (call $text (i32.const 1024) (i32.const 2))
)
