// Bounds a core module's memory by what the module itself says: there is no other bound in JavaScript.

const PAGE = 65_536;
const MEMORY = 5;

/** Reads an unsigned LEB128 number: the number, and where it ends. */
const number = (bytes, at) => {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
        const byte = bytes[at++];
        if (byte === undefined || shift > 28) {
            throw new Error("the module cannot be read");
        }
        value += (byte & 0x7f) * 2 ** shift;
        if (byte < 0x80) {
            return [value, at];
        }
    }
};

const encoded = (value) => {
    const bytes = [];
    do {
        const rest = Math.floor(value / 128);
        bytes.push((value % 128) | (rest > 0 ? 0x80 : 0));
        value = rest;
    } while (value > 0);
    return bytes;
};

/** The memories of a section, each of at most so many pages. */
const memories = (bytes, start, end, pages) => {
    let [count, at] = number(bytes, start);
    const written = encoded(count);
    for (; count > 0; count--) {
        const flags = bytes[at++];
        if (flags !== 0 && flags !== 1) {
            throw new Error("a memory of another kind than the engine has");
        }
        const [least, afterLeast] = number(bytes, at);
        const [most, afterMost] = flags === 1 ? number(bytes, afterLeast) : [pages, afterLeast];
        at = afterMost;
        if (least > pages) {
            throw new Error("the component wants more memory than it may have");
        }
        written.push(1, ...encoded(least), ...encoded(Math.min(most, pages)));
    }
    if (at !== end) {
        throw new Error("the module cannot be read");
    }
    return written;
};

/** The module with no memory of more than so many bytes, and how many memories it has of its own. */
export const bounded = (module, bytes) => {
    const pages = Math.floor(bytes / PAGE);
    const parts = [module.subarray(0, 8)];
    let own = 0;
    for (let at = 8; at < module.length; ) {
        const [size, start] = number(module, at + 1);
        const end = start + size;
        if (module[at] === MEMORY) {
            const section = memories(module, start, end, pages);
            own += number(module, start)[0];
            parts.push(Uint8Array.from([MEMORY, ...encoded(section.length), ...section]));
        } else {
            parts.push(module.subarray(at, end));
        }
        at = end;
    }
    return { bytes: Buffer.concat(parts), memories: own };
};
