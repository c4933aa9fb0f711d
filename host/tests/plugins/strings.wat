;; value ["a", "b"]
(data (i32.const 1024) "ab")
(data (i32.const 2048) "\00\04\00\00\01\00\00\00\01\04\00\00\01\00\00\00")
(func (export "compute") (param $function i32) (param $function_length i32) (param $argument i32) (param $argument_length i32) (result i32)
    (call $strings (i32.const 2048) (i32.const 2))
)
