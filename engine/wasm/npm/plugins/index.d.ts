import type { Call, Engine, Fact, NeededFact } from "../dist/interfaces/placet-engine-judge.js";

/** Bounds on what one fact may cost. Hitting one means no value, which counts against the call. */
export interface PluginLimits {
    /** Milliseconds for one fact, the start of its instance included. By default 1,000. */
    milliseconds?: number;
    /** Bytes of an instance's memory, of which it has one. By default 64 MiB. */
    memoryBytes?: number;
    /** Bytes of an argument as JSON. By default 1 MiB. */
    argumentBytes?: number;
    /** Bytes of each text that comes out. By default 16 KiB, the most that the engine takes. */
    textBytes?: number;
    /** Texts that come out together. By default 1,000. */
    texts?: number;
}

/** Why a fact has no value. */
export class FactError extends Error {}

/** A fact that was wanted and could not be computed. */
export interface FailedFact {
    needed: NeededFact;
    error: FactError;
}

/** The components by which a host computes facts, each in a thread that is started when it is needed. */
export class Plugins {
    constructor(limits?: PluginLimits);
    /**
     * Prepares a component, and gives its digest, by which it is known from then on. Throws where it is
     * none, exports another interface than `spec/facts.wit`, or imports something.
     */
    add(component: Uint8Array): Promise<string>;
    /**
     * Computes every fact that a policy wants of a call, and puts it into the call. What could not be
     * computed stays out, so that it is no value, and is told for the host's log. What the call brings of
     * these components is computed anew: it may be of other arguments.
     */
    compute(engine: Engine, call: Call): Promise<FailedFact[]>;
    /** Computes one fact; `undefined` where the component has no value for the argument. */
    fact(needed: NeededFact): Promise<Fact | undefined>;
    /** Ends the threads. */
    close(): Promise<void>;
}
