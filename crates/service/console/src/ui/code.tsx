// The session code, large enough to be read aloud.

import { groupedCode } from "../format";

/** The nine digits in three groups; read and copied as `123-456-789`. */
export function Code({ code }: { code: string }) {
  const [first, ...rest] = groupedCode(code).split("-");
  return (
    <span class="digits" dir="ltr">
      {first}
      {rest.map((group, index) => (
        <span key={index}>
          <span class="dash">-</span>
          {group}
        </span>
      ))}
    </span>
  );
}
