// The choice of a language, each in its own words.

import { chooseLanguage, type Language, language, LANGUAGES } from "../language";
import { text } from "../strings";

export function LanguageChoice({ bare }: { bare?: boolean }) {
  return (
    <label class="field language">
      <span class={bare ? "hidden" : undefined}>{text.common.language}</span>
      <select value={language} onChange={(event) => chooseLanguage(event.currentTarget.value as Language)}>
        {Object.entries(LANGUAGES).map(([code, name]) => (
          <option key={code} value={code} lang={code}>
            {name}
          </option>
        ))}
      </select>
    </label>
  );
}
