// Icons, drawn in the text's colour. They repeat what words say, so screen readers pass over them.

const PATHS = {
  check: "m4.5 10.5 3.5 3.5 7.5-8",
  cross: "m5.5 5.5 9 9m0-9-9 9",
  minus: "M5 10h10",
  plus: "M10 4.5v11M4.5 10h11",
  back: "M12 4.5 6.5 10l5.5 5.5",
  down: "m5.5 8 4.5 4.5L14.5 8",
  edit: "m4.5 15.5.7-3.2 8-8a1.4 1.4 0 0 1 2 0l.5.5a1.4 1.4 0 0 1 0 2l-8 8z",
  key: "M8 15a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7zm2.5-6L16 3.5m-2.5 2.5 2 2",
  picture: "M3.5 4.5h13v11h-13zm0 9 4-4 3 3 2-2 4 4M12.5 8v.1",
  clipboard: "M7.5 4.5h-2v12h9v-12h-2m-5-1h5v2.5h-5z",
  copy: "M7.5 7.5h8v8h-8zM5 12.5H4.5v-8h8V5",
  link: "M8.5 11.5a3 3 0 0 0 4.2 0l2.6-2.6a3 3 0 0 0-4.2-4.2l-1 1M11.5 8.5a3 3 0 0 0-4.2 0l-2.6 2.6a3 3 0 0 0 4.2 4.2l1-1",
  search: "M9 14A5 5 0 1 0 9 4a5 5 0 0 0 0 10zm3.6-1.4L16 16",
  warning: "M10 3.5 17.5 16.5h-15zM10 8.5v3.5m0 2v.1",
  clock: "M10 17a7 7 0 1 0 0-14 7 7 0 0 0 0 14zm0-11v4l2.5 2",
  stop: "M5.5 5.5h9v9h-9z",
  download: "M10 3.5v8m-3.5-3 3.5 3.5 3.5-3.5M4.5 15.5h11",
  person: "M10 9.5a3 3 0 1 0 0-6 3 3 0 0 0 0 6zM4 16.5c.6-3 3-4.5 6-4.5s5.4 1.5 6 4.5",
  computer: "M3.5 5h13v8.5h-13zM7.5 16.5h5",
  chat: "M4 4.5h12v9H9.5L6 16.5v-3H4z",
  mail: "M3.5 5.5h13v9.5h-13zm.5.5 6 5 6-5",
  bin: "M4.5 6h11M8 6V4h4v2M6 6l.7 10h6.6L14 6M8.7 9v4m2.6-4v4",
  eye: "M2.5 10S5.5 5 10 5s7.5 5 7.5 5-3 5-7.5 5-7.5-5-7.5-5zm7.5 2a2 2 0 1 0 0-4 2 2 0 0 0 0 4z",
  "eye-off": "M7.6 5.4A7 7 0 0 1 10 5c4.5 0 7.5 5 7.5 5a13 13 0 0 1-2 2.5m-2.3 1.7A7 7 0 0 1 10 15c-4.5 0-7.5-5-7.5-5a13 13 0 0 1 3.2-3.5M3.5 3.5l13 13",
  expand: "M7.5 4H4v3.5m8.5-3.5H16v3.5m0 5V16h-3.5m-5 0H4v-3.5",
  shrink: "M4 7.5h3.5V4m5 0v3.5H16m0 5h-3.5V16m-5 0v-3.5H4",
  keyboard: "M3 5.5h14v9H3zm3 3v.1m2.7-.1v.1m2.6-.1v.1m2.7-.1v.1M6.5 11.8h7",
  folder: "M3 6a1 1 0 0 1 1-1h4l1.7 2H16a1 1 0 0 1 1 1v6.5a1 1 0 0 1-1 1H4a1 1 0 0 1-1-1z",
  file: "M5.5 3.5h6l3 3v10h-9zm6 0v3h3",
  upload: "M10 12V4m-3.5 3L10 3.5 13.5 7M4.5 15.5h11",
  next: "m8 5.5 4.5 4.5L8 14.5",
  up: "m5.5 12 4.5-4.5 4.5 4.5",
  window: "M11.5 4H16v4.5M16 4l-6 6M8.5 5H5a1 1 0 0 0-1 1v9a1 1 0 0 0 1 1h9a1 1 0 0 0 1-1v-3.5",
  shield: "M10 3 4.5 5v4.5c0 3.5 2.3 6 5.5 7.5 3.2-1.5 5.5-4 5.5-7.5V5z",
} as const;

export type IconName = keyof typeof PATHS;

export function Icon({ name }: { name: IconName }) {
  return (
    <svg class={`icon icon-${name}`} viewBox="0 0 20 20" aria-hidden="true">
      <path d={PATHS[name]} />
    </svg>
  );
}

export function Mark() {
  return (
    <svg class="mark" viewBox="0 0 32 32" aria-hidden="true">
      <rect class="mark-ground" width="32" height="32" rx="8" />
      <path d="M8 10.5A2.5 2.5 0 0 1 10.5 8h11a2.5 2.5 0 0 1 2.5 2.5v7a2.5 2.5 0 0 1-2.5 2.5h-11A2.5 2.5 0 0 1 8 17.5zM12.5 24.5h7M12.8 14l2.2 2.2 4.2-4.4" />
    </svg>
  );
}
