// Brings locales/*.po up to date with what the sources say: what is new is added untranslated, what is gone is taken out, and each
// text says where it stands.

import { writeFile } from "node:fs/promises";
import gettext from "gettext-parser";
import { catalogues, extract, folder } from "./texts.mjs";

const texts = await extract();
for (const [language, catalogue] of await catalogues()) {
  const forms = Number(/nplurals=(\d)/.exec(catalogue.headers["Plural-Forms"])?.[1]);
  const translations = { "": { "": catalogue.translations[""][""] } };
  for (const { context, id, plural, places } of texts) {
    const known = catalogue.translations[context]?.[id];
    const empty = Array.from({ length: plural ? forms : 1 }, () => "");
    (translations[context] ??= {})[id] = {
      ...(context ? { msgctxt: context } : {}),
      msgid: id,
      ...(plural ? { msgid_plural: plural } : {}),
      msgstr: known?.msgstr.length === empty.length ? known.msgstr : empty,
      comments: { ...known?.comments, reference: places.join("\n") },
    };
  }
  const po = gettext.po.compile({ ...catalogue, translations }, { foldLength: 0 });
  await writeFile(new URL(`${language}.po`, folder), `${po.toString().trimEnd()}\n`);
  const missing = Object.values(translations).flatMap((it) => Object.values(it)).filter((it) => it.msgid && it.msgstr.some((form) => !form));
  console.log(`${language}: ${texts.length - missing.length} of ${texts.length} texts`);
}
