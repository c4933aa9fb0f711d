;; value -9007199254740993
(func (export "compute") (param $function i32) (param $function_length i32) (param $argument i32) (param $argument_length i32) (result i32)
    (i64.store (i32.const 24) (i64.const -9007199254740993))
    (call $answer (i32.const 2))
)
