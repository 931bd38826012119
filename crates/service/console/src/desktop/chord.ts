// Leaving the picture by keyboard. All keys go to the user's computer, Tab and Escape too, so that one chord has to be kept
// back: Ctrl, Alt and Shift, pressed together and let go. With any other key in between it is a shortcut for the other side.

export type Keys = Pick<KeyboardEvent, "type" | "code" | "ctrlKey" | "altKey" | "shiftKey" | "getModifierState">;

/** By place: with Shift held, some systems call the Alt key otherwise. */
const MODIFIER = /^(Control|Alt|Shift)(Left|Right)$/;

/** Watches keys; answers true when the chord was let go. */
export function chord(): (event: Keys) => boolean {
  let armed = false;
  return (event) => {
    const modifier = MODIFIER.test(event.code);
    if (event.type === "keydown") {
      // Where AltGr is made of Ctrl and Alt, it types letters together with Shift.
      const altGr = event.getModifierState("AltGraph");
      armed = modifier && event.ctrlKey && event.altKey && event.shiftKey && !altGr;
      return false;
    }
    const done = armed && modifier;
    armed = false;
    return done;
  };
}
