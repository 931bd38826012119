// Writes src/generated/api.ts from the service's OpenAPI document, so that the types cannot lag behind it.

import { mkdir, writeFile } from "node:fs/promises";
import openapi, { astToString } from "openapi-typescript";

const source = new URL("../../../../docs/api/openapi.json", import.meta.url);
const target = new URL("../src/generated/", import.meta.url);

await mkdir(target, { recursive: true });
await writeFile(new URL("api.ts", target), astToString(await openapi(source)));
