// The part of noVNC that the viewer uses: the package comes without types.

declare module "@novnc/novnc" {
  interface Options {
    readonly shared?: boolean;
  }

  /** What noVNC says of a handshake that the other side refused. */
  export interface SecurityFailure {
    readonly status: number;
    /** Bytes as characters, as they came. */
    readonly reason?: string;
  }

  export default class RFB {
    constructor(target: HTMLElement, channel: WebSocket, options?: Options);

    viewOnly: boolean;
    focusOnClick: boolean;
    scaleViewport: boolean;
    showDotCursor: boolean;
    background: string;
    /** 0 to 9. */
    qualityLevel: number;
    /** 0 to 9. */
    compressionLevel: number;

    addEventListener(type: "connect", listener: () => void): void;
    addEventListener(type: "clipboard", listener: (event: CustomEvent<{ readonly text: string }>) => void): void;
    addEventListener(type: "securityfailure", listener: (event: CustomEvent<SecurityFailure>) => void): void;
    disconnect(): void;
    blur(): void;
    sendCtrlAltDel(): void;
    clipboardPasteFrom(text: string): void;

    // Not part of its interface. `screen.ts` says what for; the version in package.json is exact because of these.
    protected readonly _sock: { rQpeekBytes(length: number): Uint8Array<ArrayBuffer>; rQskipBytes(length: number): void; rQwait(what: string, bytes: number): boolean };
    protected readonly _display: { flush(): Promise<void> };
    protected readonly _keyboard: { grab(): void; ungrab(): void };
    protected _viewOnly: boolean;
    protected _framebufferUpdate(): boolean;
    protected _handleDataRect(): boolean;
    protected _handleServerCutText(): boolean;
    protected _handleExtendedDesktopSize(): boolean;
    protected _resize(width: number, height: number): void;
  }
}
