export interface Text {
  readonly context: string;
  readonly id: string;
  readonly plural: string | undefined;
  readonly places: readonly string[];
}

export interface Translation {
  readonly msgid: string;
  readonly msgid_plural?: string;
  readonly msgstr: readonly string[];
  readonly comments?: { readonly flag?: string };
}

export interface Catalogue {
  readonly headers: Readonly<Record<string, string>>;
  readonly translations: Readonly<Record<string, Readonly<Record<string, Translation>>>>;
  readonly obsolete?: object;
}

export const folder: URL;
export function extract(): Promise<Text[]>;
export function catalogues(): Promise<Map<string, Catalogue>>;
