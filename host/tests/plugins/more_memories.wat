;; failed the component trapped
(component
    (core module $module
        (memory (export "memory") 2)
        (global $free (mut i32) (i32.const 65536))
        (func (export "cabi_realloc") (param $old i32) (param $size i32) (param $align i32) (param $new i32) (result i32)
            (local $at i32)
            (local.set $at (i32.and (i32.add (global.get $free) (i32.const 7)) (i32.const -8)))
            (global.set $free (i32.add (local.get $at) (local.get $new)))
            (block $fits
                (loop $more
                    (br_if $fits (i32.le_u (global.get $free) (i32.mul (memory.size) (i32.const 65536))))
                    (br_if $more (i32.ne (memory.grow (i32.const 1)) (i32.const -1)))
                )
                unreachable
            )
            (local.get $at)
        )
        ;; A result at 0: which, at 8 whether there is a value, at 16 its kind, at 24 the value.
        (func $answer (param $kind i32) (result i32)
            (i32.store8 (i32.const 0) (i32.const 0))
            (i32.store8 (i32.const 8) (i32.const 1))
            (i32.store8 (i32.const 16) (local.get $kind))
            (i32.const 0)
        )
        (func $text (param $at i32) (param $length i32) (result i32)
            (i32.store (i32.const 24) (local.get $at))
            (i32.store (i32.const 28) (local.get $length))
            (call $answer (i32.const 0))
        )
        (func $strings (param $at i32) (param $count i32) (result i32)
            (drop (call $text (local.get $at) (local.get $count)))
            (call $answer (i32.const 3))
        )
        (data (i32.const 1024) "read")
(func (export "compute") (param $function i32) (param $function_length i32) (param $argument i32) (param $argument_length i32) (result i32)
    (call $text (i32.const 1024) (i32.const 4))
)
    )
    (core instance $instance (instantiate $module))
    (core module $more (memory 1))
    (core instance (instantiate $more))
    (type $value (variant (case "text" string) (case "boolean" bool) (case "integer" s64) (case "strings" (list string))))
    (func $compute
        (param "function" string) (param "argument" string) (result (result (option $value) (error string)))
        (canon lift (core func $instance "compute") (memory $instance "memory")
            (realloc (func $instance "cabi_realloc")))
    )
    (component $shim
        (type $value (variant (case "text" string) (case "boolean" bool) (case "integer" s64) (case "strings" (list string))))
        (import "import-type-value" (type $imported (eq $value)))
        (import "import-func-compute" (func $compute
            (param "function" string) (param "argument" string) (result (result (option $imported) (error string)))))
        (export $exported "value" (type $value))
        (export "compute" (func $compute) (func
            (param "function" string) (param "argument" string) (result (result (option $exported) (error string)))))
    )
    (instance $interface (instantiate $shim
        (with "import-func-compute" (func $compute)) (with "import-type-value" (type $value))))
    (export "placet:facts/compute@0.1.0" (instance $interface))
)
