// Computes facts in Node, as `placet_host::Plugins` does in Rust: each component in a thread, each fact in an
// instance of its own, with a bound on time and on memory. What a component does not compute in them has
// no value, which counts against the call.

import { createHash } from "node:crypto";
import { Worker } from "node:worker_threads";
import { transpileBytes } from "@bytecodealliance/jco-transpile";
import { bounded } from "./memory.mjs";

const defaults = {
    milliseconds: 1_000,
    memoryBytes: 64 << 20,
    argumentBytes: 1 << 20,
    textBytes: 16 << 10,
    texts: 1_000,
};

/** Milliseconds in which a thread has to be there. */
const START = 30_000;

/** Megabytes that a thread's values may take beside the component's memory. */
const HEAP = 256;

const encoder = new TextEncoder();

export class FactError extends Error {
    name = "FactError";
}

export class Plugins {
    #limits;
    #plugins = new Map();

    constructor(limits = {}) {
        this.#limits = { ...defaults, ...limits };
    }

    /** Prepares a component, and knows it by its digest from then on. */
    async add(component) {
        const digest = `sha256-${createHash("sha256").update(component).digest("hex")}`;
        const { files, imports } = await transpileBytes(component, {
            name: "plugin",
            instantiation: { tag: "sync" },
            namespacedExports: false,
            wasiShim: false,
            emitTypescriptDeclarations: false,
        });
        if (imports.length > 0) {
            throw new Error(`the component imports ${imports.join(", ")}`);
        }
        const glue = new TextDecoder().decode(files["plugin.js"]);
        if (!glue.includes("placet:facts/compute@0.1.0")) {
            throw new Error("the component does not export `placet:facts/compute@0.1.0`");
        }
        const modules = Object.entries(files).filter(([name]) => name.endsWith(".wasm"));
        this.#plugins.set(digest, {
            // A text that is no text is none here either.
            glue: glue.replaceAll("new TextDecoder()", "new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })"),
            modules: new Map(
                modules.map(([name, bytes]) => [name, bounded(bytes, this.#limits.memoryBytes)]),
            ),
            worker: undefined,
            last: Promise.resolve(),
        });
        return digest;
    }

    /** Computes every fact that a policy wants of a call, and puts it into the call: see `index.d.ts`. */
    async compute(engine, call) {
        const failed = [];
        // What it brings of these components may be of other arguments.
        call.facts = call.facts.filter(({ component }) => !this.#plugins.has(component));
        for (const needed of engine.factsNeeded(call)) {
            try {
                const fact = await this.fact(needed);
                if (fact !== undefined) {
                    call.facts.push(fact);
                }
            } catch (error) {
                failed.push({ needed, error });
            }
        }
        return failed;
    }

    /** Computes one fact: `undefined` where the component has no value for the argument. */
    async fact({ component, function: name, argument, input }) {
        const plugin = this.#plugins.get(component);
        if (plugin === undefined) {
            throw new FactError("there is no such component here");
        }
        this.#short(input, this.#limits.argumentBytes);
        // A component computes one fact after the other.
        const value = plugin.last.then(() => this.#ask(plugin, name, input));
        plugin.last = value.catch(() => {});
        const computed = await value;
        return computed === undefined
            ? undefined
            : { component, function: name, argument, value: computed };
    }

    /** Ends the threads. */
    async close() {
        const workers = [...this.#plugins.values()].map(({ worker }) => worker?.terminate());
        await Promise.all(workers);
    }

    async #ask(plugin, name, input) {
        const worker = await this.#started(plugin);
        worker.postMessage({ name, input });
        const { value, failed } = await this.#heard(plugin, worker, this.#limits.milliseconds);
        if (failed !== undefined) {
            throw new FactError(failed);
        }
        return value;
    }

    /** The component's thread, which is started where there is none. */
    async #started(plugin) {
        if (plugin.worker === undefined) {
            const { glue, modules } = plugin;
            const { textBytes, texts } = this.#limits;
            const worker = new Worker(new URL("./worker.mjs", import.meta.url), {
                workerData: { glue, modules, textBytes, texts },
                resourceLimits: { maxOldGenerationSizeMb: HEAP },
                env: {},
                stdin: false,
            });
            plugin.worker = worker;
            await this.#heard(plugin, worker, START);
            // A service that has nothing else to do may end.
            worker.unref();
        }
        return plugin.worker;
    }

    /** What a thread says next. One that says nothing in time, or ends, is no more. */
    #heard(plugin, worker, milliseconds) {
        return new Promise((resolve, reject) => {
            const ended = (why) => {
                settle(() => reject(new FactError(why)));
                plugin.worker = undefined;
                // Whatever it says on its way out is of no matter.
                worker.on("error", () => {});
                void worker.terminate();
            };
            const listeners = {
                message: (said) => settle(() => resolve(said)),
                error: (error) => ended(`the component trapped: ${error.message}`),
                exit: () => ended("the component ended its thread"),
            };
            const settle = (how) => {
                clearTimeout(timer);
                for (const [event, listener] of Object.entries(listeners)) {
                    worker.off(event, listener);
                }
                how();
            };
            const timer = setTimeout(() => ended("the component used up its time"), milliseconds);
            for (const [event, listener] of Object.entries(listeners)) {
                worker.on(event, listener);
            }
        });
    }

    #short(text, limit) {
        if (encoder.encode(text).length > limit) {
            throw new FactError(`a text is longer than the limit of ${limit} bytes`);
        }
        return text;
    }
}
