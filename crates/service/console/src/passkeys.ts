// Passkeys: what the browser's WebAuthn takes and gives, as the service writes it. Browsers that could do this themselves are still
// too new to be counted on.

import { ApiError, Told } from "./api";
import { passkeys } from "./strings/account";

/** Whether this browser could use passkeys on this page: they belong to a name, and an IP address is none. */
export function usable(): boolean {
  return "PublicKeyCredential" in window && !/^(\d+\.){3}\d+$|^\[/.test(location.hostname);
}

interface Descriptor {
  readonly id: string;
}

/** Of `PublicKeyCredentialCreationOptionsJSON` and `PublicKeyCredentialRequestOptionsJSON`, what is bytes in base64url. */
interface OptionsJson {
  readonly challenge: string;
  readonly user?: { readonly id: string };
  readonly excludeCredentials?: readonly Descriptor[];
  readonly allowCredentials?: readonly Descriptor[];
}

function bytes(text: string): Uint8Array<ArrayBuffer> {
  const plain = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
  return Uint8Array.from(plain, (it) => it.charCodeAt(0));
}

function written(buffer: ArrayBuffer): string {
  const plain = Array.from(new Uint8Array(buffer), (it) => String.fromCharCode(it)).join("");
  return btoa(plain).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

function read(options: unknown): unknown {
  const json = options as OptionsJson;
  const descriptors = (list: readonly Descriptor[]) => list.map((it) => ({ ...it, id: bytes(it.id) }));
  return {
    ...json,
    challenge: bytes(json.challenge),
    ...(json.user && { user: { ...json.user, id: bytes(json.user.id) } }),
    ...(json.excludeCredentials && { excludeCredentials: descriptors(json.excludeCredentials) }),
    ...(json.allowCredentials && { allowCredentials: descriptors(json.allowCredentials) }),
  };
}

/** Has the browser make a passkey. */
export async function create(options: unknown): Promise<object> {
  const publicKey = read(options) as PublicKeyCredentialCreationOptions;
  const made = await prompt(navigator.credentials.create({ publicKey }));
  const { attestationObject } = made.response as AuthenticatorAttestationResponse;
  return answer(made, { attestationObject: written(attestationObject) });
}

/** Has the browser show a passkey. */
export async function get(options: unknown): Promise<object> {
  const publicKey = read(options) as PublicKeyCredentialRequestOptions;
  const shown = await prompt(navigator.credentials.get({ publicKey }));
  const { authenticatorData, signature, userHandle } = shown.response as AuthenticatorAssertionResponse;
  return answer(shown, {
    authenticatorData: written(authenticatorData),
    signature: written(signature),
    userHandle: userHandle && written(userHandle),
  });
}

/** What was answered, of which `proof` is different for making and for showing. */
function answer({ id, rawId, type, response }: PublicKeyCredential, proof: object): object {
  return { id, rawId: written(rawId), type, response: { ...proof, clientDataJSON: written(response.clientDataJSON) } };
}

async function prompt(asking: Promise<Credential | null>): Promise<PublicKeyCredential> {
  let given: Credential | null;
  try {
    given = await asking;
  } catch (error) {
    // Browsers tell pages no more than these, so that a page learns nothing of who it has before it.
    const name = error instanceof DOMException ? error.name : "";
    if (name === "NotAllowedError" || name === "AbortError") throw new Told(passkeys.cancelled);
    if (name === "InvalidStateError") throw new Told(passkeys.known);
    if (name === "SecurityError") throw new Told(passkeys.elsewhere);
    throw new Told(passkeys.failed);
  }
  if (!given) throw new Told(passkeys.cancelled);
  return given as PublicKeyCredential;
}

/** The same code says that a typed code was wrong. */
export async function accepted<T>(answer: Promise<T>): Promise<T> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof ApiError && error.code === "wrong_second_factor") throw new Told(passkeys.refused);
    throw error;
  }
}
