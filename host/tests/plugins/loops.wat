;; failed the component used up its fuel
(func (export "compute") (param $function i32) (param $function_length i32) (param $argument i32) (param $argument_length i32) (result i32)
    (loop $again (br $again))
    unreachable
)
