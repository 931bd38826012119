// The join page, for the user: who waits behind the session code, and whether to go on. It sends nothing but the code, and
// only the agent can use the code up.

import { render } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { ApiError, explain, send } from "./api";
import { codeIn, duration, parseCode } from "./format";
import { solve } from "./proof-of-work";
import { join } from "./strings/join";
import type { LookupResponse } from "./types";
import { Code } from "./ui/code";
import { useSecondsLeft } from "./ui/hooks";
import { Icon, Mark } from "./ui/icons";
import { LanguageChoice } from "./ui/language-choice";
import { Button, Countdown, ErrorLine, Name, Woven } from "./ui/parts";

interface Failure {
  readonly title: string;
  readonly detail: string;
  readonly retry: boolean;
}

type Lookup =
  | { readonly step: "enter" }
  | { readonly step: "checking"; readonly solving: boolean }
  | { readonly step: "found"; readonly code: string; readonly answer: LookupResponse; readonly at: number }
  | { readonly step: "failed"; readonly failure: Failure };

function Join() {
  const [code, setCode] = useState(() => codeIn(location.hash));
  const [lookup, setLookup] = useState<Lookup>(code ? { step: "checking", solving: false } : { step: "enter" });
  const [attempt, setAttempt] = useState(0);
  useEffect(() => {
    const changed = () => setCode(codeIn(location.hash));
    addEventListener("hashchange", changed);
    return () => removeEventListener("hashchange", changed);
  }, []);
  useEffect(() => {
    if (!code) return setLookup({ step: "enter" });
    let overtaken = false;
    const show = (next: Lookup) => !overtaken && setLookup(next);
    show({ step: "checking", solving: false });
    lookUp(code, () => show({ step: "checking", solving: true })).then(
      (answer) => show({ step: "found", code, answer, at: performance.now() }),
      (error: unknown) => show({ step: "failed", failure: failureOf(error) }),
    );
    return () => {
      overtaken = true;
    };
  }, [code, attempt]);

  const other = () => {
    history.replaceState(null, "", location.pathname);
    setCode(undefined);
  };
  return (
    <main class="gate">
      <div class="gate-card join-card">
        <div aria-live="polite">
          {lookup.step === "checking" && (
            <p class="loading">
              <span class="spinner" />
              {lookup.solving ? join.solving : join.checking}
            </p>
          )}
          {lookup.step === "found" && <Found {...lookup} onOther={other} />}
          {lookup.step === "failed" && (
            <Failed failure={lookup.failure} onOther={other} onRetry={() => setAttempt(attempt + 1)} />
          )}
        </div>
        {lookup.step === "enter" && <Enter />}
        <LanguageChoice bare />
      </div>
    </main>
  );
}

function Enter() {
  const field = useRef<HTMLInputElement>(null);
  const [malformed, setMalformed] = useState(false);
  useEffect(() => field.current?.focus(), []);
  const submit = (event: Event) => {
    event.preventDefault();
    const code = parseCode(field.current?.value ?? "");
    setMalformed(!code);
    if (code) location.hash = code;
  };
  return (
    <form onSubmit={submit} noValidate>
      <Mark />
      <h1>{join.headingPlain}</h1>
      <p class="lead">{join.enter}</p>
      <Warning />
      <label class="field">
        <span>{join.field}</span>
        <input
          ref={field}
          class="code-field"
          inputMode="numeric"
          autocomplete="off"
          placeholder={join.placeholder}
          maxLength={32}
          dir="ltr"
          onInput={() => setMalformed(false)}
        />
      </label>
      <ErrorLine words={malformed ? join.malformed : undefined} />
      <Button look="primary" submit>
        {join.submit}
      </Button>
    </form>
  );
}

function Warning() {
  return (
    <div class="warning">
      <p class="warning-title">
        <Icon name="warning" />
        {join.warning}
      </p>
      <p>{join.called}</p>
    </div>
  );
}

interface FoundProps {
  readonly code: string;
  readonly answer: LookupResponse;
  readonly at: number;
  readonly onOther: () => void;
}

function Found({ code, answer: { organisation, expires_in_secs: secs }, at, onOther }: FoundProps) {
  const left = useSecondsLeft(secs, at);
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => heading.current?.focus(), []);
  if (left === 0) return <Failed failure={{ ...join.closed, retry: false }} onOther={onOther} />;
  return (
    <>
      <Mark />
      <h1 ref={heading} tabIndex={-1}>
        <Woven words={join.heading}>
          <Name of={organisation.name} />
        </Woven>
      </h1>
      {organisation.domain ? (
        <p class="domain">
          {join.domain} <strong dir="ltr">{organisation.domain}</strong>{" "}
          <span class="dim">({join.domainHint})</span>
        </p>
      ) : (
        <p class="domain">{join.noDomain}</p>
      )}
      <Warning />
      <div class="join-code">
        <p class="small-heading">{join.code}</p>
        <p class="code">
          <Code code={code} />
        </p>
        <p class="dim">
          {join.expires} <Countdown secs={secs} at={at} label={join.expires} />
        </p>
      </div>
      <h2 class="small-heading">{join.next}</h2>
      <a class="button button-primary button-wide" href={`ondemand-agent:join#${code}`}>
        <span>{join.open}</span>
      </a>
      <p class="dim">{join.openHint}</p>
      <p>{join.orType}</p>
      <Downloads code={code} />
      <p class="promise">
        <Icon name="shield" />
        {join.promise}
      </p>
    </>
  );
}

interface Download {
  readonly system: "linux" | "macos" | "windows";
  readonly file: string;
}

// The browser saves the file under a name that proposes service and code to the agent; no address carries the code.
function Downloads({ code }: { readonly code: string }) {
  const [downloads, setDownloads] = useState<readonly Download[]>([]);
  useEffect(() => {
    send<readonly Download[]>({ method: "GET", path: "/downloads" }).then(setDownloads, () => setDownloads([]));
  }, []);
  if (downloads.length === 0) return <p>{join.missingAgent}</p>;
  const digits = code.replace(/\D/g, "").replace(/^(...)(...)/, "$1-$2-");
  const name = `ondemand-agent-${location.host.replace(":", "_")}-${digits}`;
  const here = navigator.userAgent;
  const own = /Windows/.test(here) ? "windows" : /Mac OS/.test(here) ? "macos" : "linux";
  const sorted = [...downloads].sort((a, b) => Number(b.system === own) - Number(a.system === own));
  return (
    <>
      <p>{join.download}</p>
      <ul class="downloads">
        {sorted.map(({ system, file }) => (
          <li key={file}>
            <a href={`/downloads/${file}`} download={name + (/\.[a-z]+$/.exec(file)?.[0] ?? "")}>
              {join.downloadFor(systemNames[system])}
            </a>
          </li>
        ))}
      </ul>
      {own === "linux" && <p class="dim">{join.downloadLinux}</p>}
    </>
  );
}

const systemNames = { linux: "Linux", macos: "macOS", windows: "Windows" } as const;

interface FailedProps {
  readonly failure: Failure;
  readonly onOther: () => void;
  readonly onRetry?: () => void;
}

function Failed({ failure, onOther, onRetry }: FailedProps) {
  return (
    <>
      <Mark />
      <h1>{failure.title}</h1>
      <p class="lead">{failure.detail}</p>
      <div class="buttons">
        {failure.retry && onRetry && (
          <Button look="primary" onPress={onRetry}>
            {join.retry}
          </Button>
        )}
        <Button look={failure.retry ? undefined : "primary"} onPress={onOther}>
          {join.other}
        </Button>
      </div>
    </>
  );
}

async function lookUp(code: string, onSolving: () => void): Promise<LookupResponse> {
  const call = (body: unknown) => send<LookupResponse>({ method: "POST", path: "/agent/v1/lookup", body });
  try {
    return await call({ session_code: code });
  } catch (error) {
    const challenge = error instanceof ApiError ? error.problem?.proof_of_work : undefined;
    if (!challenge) throw error;
    onSolving();
    const solution = await solve(challenge);
    return call({ session_code: code, proof_of_work: { challenge: challenge.challenge, solution } });
  }
}

function failureOf(error: unknown): Failure {
  const known = error instanceof ApiError ? error : undefined;
  switch (known?.code) {
    case "wrong_code":
      return { ...join.wrong, retry: false };
    case "invitation_closed":
      return { ...join.closed, retry: false };
    case "invitation_taken":
      return { ...join.taken, retry: false };
    case "too_many_attempts":
    case "rate_limited": {
      const wait = duration(known.problem?.retry_after_secs ?? 60);
      return { title: join.tooMany.title, detail: join.tooMany.detail(wait), retry: true };
    }
    default:
      return { title: join.failed.title, detail: explain(error), retry: true };
  }
}

document.title = join.headingPlain;
const root = document.getElementById("root");
if (root) render(<Join />, root);
