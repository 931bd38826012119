// The search over devices.

import type { DeviceView } from "../types";

/** Devices whose computer, user or group contain every word of the query. Those that wait to be accepted come first. */
export function searchDevices(devices: readonly DeviceView[], query: string): DeviceView[] {
  const words = query.toLocaleLowerCase().split(/\s+/).filter(Boolean);
  const found = devices.filter((it) => {
    const haystack = `${it.computer}\n${it.user}\n${it.group.name}`.toLocaleLowerCase();
    return words.every((word) => haystack.includes(word));
  });
  return [...found.filter((it) => !it.accepted), ...found.filter((it) => it.accepted)];
}
