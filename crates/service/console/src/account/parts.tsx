// What the second factor's pages have in common: password, code, recovery codes.

import { useEffect, useRef } from "preact/hooks";
import { account, secondFactor } from "../strings/account";
import { Button, CopyButton, Field } from "../ui/parts";

export function Password({ field }: { field: { current: HTMLInputElement | null } }) {
  return (
    <label class="field">
      <span>{account.current}</span>
      <input ref={field} name="password" type="password" autocomplete="current-password" required />
    </label>
  );
}

interface CodeFieldProps {
  readonly field: { current: HTMLInputElement | null };
  readonly hint: string;
}

export function CodeField({ field, hint }: CodeFieldProps) {
  return (
    <Field words={secondFactor.code} hint={hint}>
      {(ties) => (
        <input
          {...ties}
          ref={field}
          class="code-input"
          name="code"
          autocomplete="one-time-code"
          autocapitalize="none"
          spellcheck={false}
          maxLength={64}
          dir="ltr"
          required
        />
      )}
    </Field>
  );
}

/** Recovery codes, which are shown this once. */
export function Codes({ codes, onDone }: { codes: readonly string[]; onDone: () => unknown }) {
  const heading = useRef<HTMLParagraphElement>(null);
  useEffect(() => heading.current?.focus(), []);
  return (
    <div class="stack">
      <p ref={heading} tabIndex={-1}>
        <strong>{secondFactor.codesHeading}</strong>
      </p>
      <p>{secondFactor.codesDetail}</p>
      <ol class="recovery-codes" dir="ltr">
        {codes.map((it) => (
          <li key={it}>
            <code>{it}</code>
          </li>
        ))}
      </ol>
      <div class="buttons">
        <CopyButton value={codes.join("\n")}>{secondFactor.copyCodes}</CopyButton>
        <Button look="primary" onPress={onDone}>
          {secondFactor.kept}
        </Button>
      </div>
    </div>
  );
}
