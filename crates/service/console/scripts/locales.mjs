// Writes src/generated/locales/*.json from locales/*.po: each text's forms by its context and English words.

import { mkdir, writeFile } from "node:fs/promises";
import { catalogues } from "./texts.mjs";

const target = new URL("../src/generated/locales/", import.meta.url);

await mkdir(target, { recursive: true });
for (const [language, { translations }] of await catalogues()) {
  const forms = {};
  for (const [context, texts] of Object.entries(translations)) {
    for (const { msgid, msgstr } of Object.values(texts)) {
      // English words are better than none.
      if (msgid && msgstr.every(Boolean)) forms[context ? `${context}\u0004${msgid}` : msgid] = msgstr;
    }
  }
  await writeFile(new URL(`${language}.json`, target), JSON.stringify(forms));
}
