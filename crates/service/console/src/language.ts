// The language of the page: which one it is, its catalogue, and how a text is made of it.
//
// A text is named by its English words, as translators' tools know it from gettext. The catalogues come from
// `locales/*.po`; English needs none. The language is settled before anything is drawn, and choosing another loads the
// page again, so that no half of it is left behind.

export type Language = "en" | "de" | "es" | "fr" | "it" | "ko" | "ar";

/** Each language as those who speak it write it. */
export const LANGUAGES: Readonly<Record<Language, string>> = {
  en: "English",
  de: "Deutsch",
  es: "Español",
  fr: "Français",
  it: "Italiano",
  ko: "한국어",
  ar: "العربية",
};

/** A text's forms by its context and English words; what is not counted has one. */
export type Catalogue = Readonly<Record<string, readonly string[]>>;
export type Values = Readonly<Record<string, string | number>>;

const CATALOGUES: Readonly<Record<Exclude<Language, "en">, () => Promise<{ readonly default: unknown }>>> = {
  de: () => import("./generated/locales/de.json"),
  es: () => import("./generated/locales/es.json"),
  fr: () => import("./generated/locales/fr.json"),
  it: () => import("./generated/locales/it.json"),
  ko: () => import("./generated/locales/ko.json"),
  ar: () => import("./generated/locales/ar.json"),
};

/** Stands between context and words, in catalogues as in gettext. */
export const CONTEXT_END = "\u0004";
const STORED = "ondemand-language";

export const language: Language = choose(chosen(), globalThis.document ? navigator.languages : []);
export const rightToLeft = language === "ar";
/** For dates and lists: as the reader's region has them. Digits are those of codes and clocks everywhere. */
export const locale = `${regionOf(language, globalThis.document ? navigator.languages : [])}-u-nu-latn`;

const catalogue: Catalogue = await load();

/** The language that was chosen, else the first of the browser's that there is, else English. */
export function choose(stored: string | null, wanted: readonly string[]): Language {
  const known = (tag: string | null): tag is Language => tag !== null && Object.hasOwn(LANGUAGES, tag);
  if (known(stored)) return stored;
  return wanted.map((tag) => tag.split("-")[0]?.toLowerCase() ?? "").find(known) ?? "en";
}

/** The first of the browser's languages that is the page's, with its region. */
export function regionOf(of: Language, wanted: readonly string[]): string {
  const own = wanted.find((tag) => /^[a-z]{2}(-[a-z]{2})?$/i.test(tag) && tag.slice(0, 2).toLowerCase() === of);
  return own ?? (of === "en" ? "en-GB" : of);
}

/** Remembers a language in this browser and shows the page in it. */
export function chooseLanguage(next: Language): void {
  try {
    localStorage.setItem(STORED, next);
  } catch {
    // A browser that keeps nothing shows its own language.
  }
  location.reload();
}

function chosen(): string | null {
  try {
    return globalThis.localStorage.getItem(STORED);
  } catch {
    return null;
  }
}

async function load(): Promise<Catalogue> {
  if (globalThis.document) {
    document.documentElement.lang = language;
    document.documentElement.dir = rightToLeft ? "rtl" : "ltr";
  }
  if (language === "en") return {};
  try {
    return (await CATALOGUES[language]()).default as Catalogue;
  } catch {
    // The words are English then, which is better than none.
    return {};
  }
}

/** A text, with `{name}` replaced by the value of that name. */
export function t(words: string, values: Values = {}): string {
  return fill(catalogue[words]?.[0] ?? words, values);
}

/** A text that reads the same in English as another one and means something else. */
export function within(context: string, words: string, values: Values = {}): string {
  return fill(catalogue[context + CONTEXT_END + words]?.[0] ?? words, values);
}

/** A text with a number in it, `{count}`. */
export function counted(one: string, other: string, count: number, values: Values = {}): string {
  const forms = catalogue[one] ?? [one, other];
  return fill(forms[formOf(language, count, forms.length)] ?? other, { ...values, count });
}

/** Which of a text's forms fits a number: gettext has them in the order of these names. */
export function formOf(of: Language, count: number, forms: number): number {
  const names = forms === 6 ? ["zero", "one", "two", "few", "many", "other"] : forms === 1 ? ["other"] : ["one", "other"];
  const at = names.indexOf(new Intl.PluralRules(of).select(count));
  return at < 0 ? names.length - 1 : at;
}

const RIGHT_TO_LEFT = /[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc]/;

function fill(words: string, values: Values): string {
  return words.replace(/\{(\w+)\}/g, (whole, name: string) => {
    const value = values[name];
    if (value === undefined) return whole;
    const written = String(value);
    // A name of the other direction must not reorder the sentence around it.
    return rightToLeft || RIGHT_TO_LEFT.test(written) ? `\u2068${written}\u2069` : written;
  });
}

/** Names in a row, as the language puts them. */
export function list(words: readonly string[]): string {
  return new Intl.ListFormat(locale, { style: "short", type: "unit" }).format(words);
}
