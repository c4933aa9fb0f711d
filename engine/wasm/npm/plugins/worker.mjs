// A component in a thread of its own, where it can be ended. Each fact has a new instance.

import { parentPort, workerData } from "node:worker_threads";

const { glue, modules } = workerData;
const { instantiate } = await import(`data:text/javascript,${encodeURIComponent(glue)}`);
const compiled = new Map();
for (const [name, bytes] of modules) {
    compiled.set(name, new WebAssembly.Module(bytes));
}

parentPort.on("message", ({ name, input }) => {
    try {
        const instance = instantiate((module) => compiled.get(module), {});
        const { compute } = instance["placet:facts/compute@0.1.0"];
        parentPort.postMessage({ value: compute(name, input) });
    } catch (error) {
        // What the component says by itself is a text, and no `Error`.
        const failed = typeof error === "string" ? error : `the component trapped: ${error?.message}`;
        parentPort.postMessage({ failed });
    }
});

parentPort.postMessage({});
