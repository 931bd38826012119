// How numbers, times and codes are written for people.

import { locale } from "./language";
import { text } from "./strings";

/** `123-456-789`. */
export function groupedCode(code: string): string {
  return code.replace(/(\d{3})(?=\d)/g, "$1-");
}

/** The nine digits of what a person typed or pasted, or nothing. */
export function parseCode(typed: string): string | undefined {
  const digits = typed
    .normalize("NFKC")
    .replace(/[\u0660-\u0669\u06f0-\u06f9]/g, (digit) => String(digit.charCodeAt(0) % 16))
    .replace(/[\s\u2010-\u2014-]/g, "");
  return /^[0-9]{9}$/.test(digits) ? digits : undefined;
}

/** The code in an address's `#…`; whatever else stands there is none. */
export function codeIn(hash: string): string | undefined {
  try {
    return parseCode(decodeURIComponent(hash.slice(1)));
  } catch {
    return undefined;
  }
}

/** Seconds that are left of `secs`, `elapsedMs` later. */
export function secondsLeft(secs: number, elapsedMs: number): number {
  return Math.max(0, Math.ceil(secs - elapsedMs / 1000));
}

/** `12:34`, `1:02:03`. */
export function clock(secs: number): string {
  const whole = Math.max(0, Math.floor(secs));
  const two = (value: number) => String(value).padStart(2, "0");
  const hours = Math.floor(whole / 3600);
  const minutes = Math.floor(whole / 60) % 60;
  return hours > 0 ? `${hours}:${two(minutes)}:${two(whole % 60)}` : `${minutes}:${two(whole % 60)}`;
}

/** `1 h 5 min`, `12 min`, `40 s`: for sentences, where a clock would be read as a time of day. */
export function duration(secs: number): string {
  const whole = Math.max(0, Math.round(secs));
  if (whole < 60) return text.time.seconds(whole);
  if (whole < 3600) return text.time.minutes(Math.floor(whole / 60));
  const minutes = Math.floor(whole / 60) % 60;
  const hours = text.time.hours(Math.floor(whole / 3600));
  return minutes === 0 ? hours : `${hours} ${text.time.minutes(minutes)}`;
}

/** `just now`, `5 min ago`, `3 h ago`, then the date. */
export function ago(timestamp: string, nowMs: number): string {
  const secs = (nowMs - Date.parse(timestamp)) / 1000;
  if (secs < 60) return text.time.justNow;
  if (secs < 3600) return text.time.ago(text.time.minutes(Math.floor(secs / 60)));
  if (secs < 24 * 3600) return text.time.ago(text.time.hours(Math.floor(secs / 3600)));
  return day(timestamp);
}

/** The time of day, or the date with it where it was not today. */
export function timeOfDay(timestamp: string, nowMs: number): string {
  const at = new Date(timestamp);
  const today = at.toDateString() === new Date(nowMs).toDateString();
  return today ? at.toLocaleTimeString(locale, { hour: "2-digit", minute: "2-digit" }) : day(timestamp);
}

/** Date and time. */
export function day(timestamp: string): string {
  return new Date(timestamp).toLocaleString(locale, { dateStyle: "medium", timeStyle: "short" });
}

/** `linux` as people write it. */
export function operatingSystem(name: string): string {
  return { linux: "Linux", macos: "macOS", windows: "Windows" }[name] ?? name;
}

/** `43 %`; all of it is said when it is there. */
export function percent(part: number): string {
  const value = part >= 1 ? 1 : Math.min(0.99, part);
  return new Intl.NumberFormat(locale, { style: "percent" }).format(value);
}
