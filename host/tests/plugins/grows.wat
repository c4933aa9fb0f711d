;; failed the component wanted more memory than it may have
(func (export "compute") (param $function i32) (param $function_length i32) (param $argument i32) (param $argument_length i32) (result i32)
    (loop $again
        (br_if $again (i32.ne (memory.grow (i32.const 16)) (i32.const -1)))
    )
    unreachable
)
