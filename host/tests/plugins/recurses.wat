;; failed the component trapped
(func $deeper (param i32) (result i32) (i32.add (call $deeper (local.get 0)) (i32.const 1)))
(func (export "compute") (param $function i32) (param $function_length i32) (param $argument i32) (param $argument_length i32) (result i32)
    (call $deeper (i32.const 0))
)
