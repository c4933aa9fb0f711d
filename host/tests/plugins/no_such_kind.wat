;; failed the component trapped
(func (export "compute") (param $function i32) (param $function_length i32) (param $argument i32) (param $argument_length i32) (result i32)
    (call $answer (i32.const 9))
)
