;; value "\"select 1\""
;; What it is given is the argument's JSON.
(func (export "compute") (param $function i32) (param $function_length i32) (param $argument i32) (param $argument_length i32) (result i32)
    (call $text (local.get $argument) (local.get $argument_length))
)
