// A component in a thread of its own, where it can be ended. Each fact has a new instance.

import { parentPort, workerData } from "node:worker_threads";

const { glue, modules, textBytes, texts } = workerData;
const { instantiate } = await import(`data:text/javascript,${encodeURIComponent(glue)}`);
const compiled = new Map();
const memoriesOf = new Map();
for (const [name, { bytes, memories }] of modules) {
    const module = new WebAssembly.Module(bytes);
    compiled.set(name, module);
    memoriesOf.set(module, memories);
}

/** Makes instances of core modules with one memory in all, so that its bound is the component's. */
const oneMemory = () => {
    let memories = 0;
    return (module, imports) => {
        memories += memoriesOf.get(module) ?? 0;
        if (memories > 1) {
            throw new Error("the component wants more than one memory");
        }
        return new WebAssembly.Instance(module, imports);
    };
};

const encoder = new TextEncoder();

const tooLong = `a text is longer than the limit of ${textBytes} bytes`;

const isShort = (value) => value.length <= textBytes && encoder.encode(value).length <= textBytes;

/** Why there is no value. What is said on purpose, by the component or here, is a text, and no `Error`. */
const reason = (error) => {
    if (typeof error !== "string") {
        return `the component trapped: ${error?.message}`;
    }
    return isShort(error) ? error : tooLong;
};

const typed = (value, type) => {
    if (typeof value !== type) {
        throw new TypeError("the answer is of another type");
    }
    return value;
};

const text = (value) => {
    if (!isShort(typed(value, "string"))) {
        throw tooLong;
    }
    return value;
};

/** The value as JSON, within the limits: they are kept here, before the host's own thread has it. */
const checked = (value) => {
    switch (value?.tag) {
        case undefined:
            return undefined;
        case "text":
            return JSON.stringify(text(value.val));
        case "boolean":
            return JSON.stringify(typed(value.val, "boolean"));
        case "integer":
            return typed(value.val, "bigint").toString();
        case "strings":
            if (value.val.length > texts) {
                throw `more texts came out than the limit of ${texts}`;
            }
            return JSON.stringify(Array.from(value.val, text));
        default:
            throw new TypeError("the answer is of another type");
    }
};

parentPort.on("message", ({ name, input }) => {
    try {
        const instance = instantiate((module) => compiled.get(module), {}, oneMemory());
        const { compute } = instance["placet:facts/compute@0.1.0"];
        parentPort.postMessage({ value: checked(compute(name, input)) });
    } catch (error) {
        parentPort.postMessage({ failed: reason(error) });
    }
});

parentPort.postMessage({});
