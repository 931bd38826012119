// What modules of the page look for as soon as they are loaded. Imported before them.

Object.assign(globalThis, { location: { hash: "" } });
