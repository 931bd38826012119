// The organisation: who it is, which others decide, and how it looks on users' screens.

import { useRef, useState } from "preact/hooks";
import { call } from "../actions";
import { parseColour } from "../colour";
import { notify } from "../store";
import { text } from "../strings";
import * as manage from "../strings/manage";
import type { ChangeBranding, Me, OrganisationSettings } from "../types";
import { useTask } from "../ui/hooks";
import { type Loaded, useLoaded } from "../ui/loaded";
import { Fetching, Page } from "../ui/page";
import { Button, ErrorLine, Field, Name, Section } from "../ui/parts";
import { Domain } from "./domain";
import { Policy } from "./policy";
import { Preview } from "./preview";

const MAX_TEXT_CHARS = 80;
const MAX_LOGO_BYTES = 3 * 1024 * 1024;
/** What the colour field starts from where no colour is set. */
const STANDARD_ACCENT = "#1a56e8";

export function OrganisationPage({ me, waiting }: { me: Me; waiting: number }) {
  const settings = useLoaded(() => call<OrganisationSettings>("GET", "/organisation"));
  return (
    <Page heading={manage.organisation.heading} waiting={waiting}>
      {settings.data ? <Settings me={me} settings={settings.data} set={settings.set} /> : <Fetching of={settings} />}
    </Page>
  );
}

interface SettingsProps {
  readonly me: Me;
  readonly settings: OrganisationSettings;
  readonly set: Loaded<OrganisationSettings>["set"];
}

function Settings({ me, settings, set }: SettingsProps) {
  const { organisation, branding } = settings;
  const [displayText, setDisplayText] = useState(branding.display_text ?? "");
  const [accent, setAccent] = useState(branding.accent ?? "");
  const colour = parseColour(accent);
  const [invalid, setInvalid] = useState(false);
  const save = useTask(async (wanted: ChangeBranding) => {
    set(await call<OrganisationSettings>("PUT", "/organisation/branding", wanted));
    notify("good", manage.organisation.saved);
  });
  const submit = (event: Event) => {
    event.preventDefault();
    const wrong = accent.trim() !== "" && !colour;
    setInvalid(wrong);
    if (wrong || save.busy) return;
    void save.run({ display_text: displayText.trim() || null, accent: colour ?? null });
  };
  return (
    <div class="settings">
      <div class="settings-main">
        <Section heading={manage.organisation.look}>
          <Logo me={me} logo={branding.logo ?? undefined} set={set} />
          <form class="stack" onSubmit={submit} noValidate>
            <Field words={manage.organisation.displayText} hint={manage.organisation.displayTextHint}>
              {(ties) => (
                <input
                  {...ties}
                  value={displayText}
                  maxLength={MAX_TEXT_CHARS}
                  dir="auto"
                  onInput={(event) => setDisplayText(event.currentTarget.value)}
                />
              )}
            </Field>
            <Field words={manage.organisation.accent} hint={manage.organisation.accentHint}>
              {(ties) => (
                <div class="accent">
                  <input
                    type="color"
                    aria-label={manage.organisation.pickAccent}
                    value={colour ?? STANDARD_ACCENT}
                    onInput={(event) => setAccent(event.currentTarget.value)}
                  />
                  <input
                    {...ties}
                    class="accent-text"
                    value={accent}
                    placeholder={STANDARD_ACCENT}
                    maxLength={7}
                    dir="ltr"
                    spellcheck={false}
                    onInput={(event) => {
                      setAccent(event.currentTarget.value);
                      setInvalid(false);
                    }}
                  />
                  {accent !== "" && (
                    <Button look="quiet" small onPress={() => setAccent("")}>
                      {manage.organisation.noAccent}
                    </Button>
                  )}
                </div>
              )}
            </Field>
            <ErrorLine words={invalid ? manage.organisation.accentInvalid : save.error} />
            <div class="buttons">
              <Button look="primary" submit disabled={save.busy}>
                {text.common.save}
              </Button>
            </div>
          </form>
        </Section>
      </div>
      <div class="settings-side">
        <Section heading={manage.organisation.security}>
          <Policy settings={settings} set={set} />
        </Section>
        <Section heading={manage.organisation.preview}>
          <Preview me={me} displayText={displayText.trim()} accent={colour} logo={branding.logo ?? undefined} />
          <p class="hint">{manage.organisation.previewHint}</p>
        </Section>
        <Section heading={manage.organisation.identity}>
          <dl class="facts">
            <div>
              <dt>{manage.organisation.name}</dt>
              <dd>
                <Name of={organisation.name} />
              </dd>
            </div>
            <div>
              <dt>{manage.organisation.domain}</dt>
              <dd>
                <Domain settings={settings} set={set} />
              </dd>
            </div>
          </dl>
          <p class="hint below">{manage.organisation.identityHint}</p>
        </Section>
      </div>
    </div>
  );
}

interface LogoProps {
  readonly me: Me;
  readonly logo: string | undefined;
  readonly set: SettingsProps["set"];
}

function Logo({ me, logo, set }: LogoProps) {
  const field = useRef<HTMLInputElement>(null);
  const [large, setLarge] = useState(false);
  const upload = useTask(async (file: File) => {
    // Whatever the file calls itself, the service looks at its bytes.
    const picture = new Blob([file], { type: file.type === "image/jpeg" ? "image/jpeg" : "image/png" });
    set(await call<OrganisationSettings>("PUT", "/organisation/logo", picture));
    notify("good", manage.organisation.saved);
  });
  const remove = useTask(async () => {
    await call("DELETE", "/organisation/logo");
    set(await call<OrganisationSettings>("GET", "/organisation"));
  });
  const chosen = () => {
    const file = field.current?.files?.[0];
    if (!file || !field.current) return;
    setLarge(file.size > MAX_LOGO_BYTES);
    if (file.size <= MAX_LOGO_BYTES) void upload.run(file);
    // The same file can be chosen again, once it was put right.
    field.current.value = "";
  };
  return (
    <div class="field logo-field">
      <span id="logo">{manage.organisation.logo}</span>
      <div class="logo-box">
        {logo ? (
          <img src={`/operator/v1/organisation/logo?${logo}`} alt={me.organisation.name} />
        ) : (
          <span class="dim">{manage.organisation.noLogo}</span>
        )}
      </div>
      <div class="buttons">
        <input
          ref={field}
          class="hidden"
          type="file"
          accept="image/png,image/jpeg"
          aria-labelledby="logo"
          tabIndex={-1}
          onChange={chosen}
        />
        <Button small icon="picture" disabled={upload.busy} onPress={() => field.current?.click()}>
          {upload.busy ? manage.organisation.uploading : manage.organisation.chooseLogo}
        </Button>
        {logo && (
          <Button small look="quiet" disabled={remove.busy} onPress={remove.run}>
            {manage.organisation.removeLogo}
          </Button>
        )}
      </div>
      <p class="hint">{manage.organisation.logoHint}</p>
      <ErrorLine words={large ? text.problems.too_large : (upload.error ?? remove.error)} />
    </div>
  );
}
