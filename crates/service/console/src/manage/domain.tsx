// The organisation's domain: who says so, and how another is proven through DNS.

import { useRef, useState } from "preact/hooks";
import { call } from "../actions";
import { notify } from "../store";
import { text } from "../strings";
import type { DomainRecord, OrganisationSettings } from "../types";
import { useTask } from "../ui/hooks";
import { Button, CopyButton, ErrorLine, Field, Modal } from "../ui/parts";

interface DomainProps {
  readonly settings: OrganisationSettings;
  readonly set: (settings: OrganisationSettings) => void;
}

export function Domain({ settings, set }: DomainProps) {
  const [open, setOpen] = useState(false);
  const { organisation, domain_by } = settings;
  return (
    <>
      {organisation.domain ? (
        <>
          <bdi dir="ltr">{organisation.domain}</bdi>
          {domain_by && <p class="hint">{text.organisation.domainBy[domain_by]}</p>}
        </>
      ) : (
        text.organisation.noDomain
      )}
      <p class="below">
        <Button small icon="shield" onPress={() => setOpen(true)}>
          {text.organisation.prove}
        </Button>
      </p>
      {open && <Prove set={set} onClose={() => setOpen(false)} />}
    </>
  );
}

function Prove({ set, onClose }: { set: DomainProps["set"]; onClose: () => void }) {
  const domain = useRef<HTMLInputElement>(null);
  const [record, setRecord] = useState<DomainRecord>();
  const show = useTask(async (wanted: string) => {
    setRecord(await call<DomainRecord>("POST", "/organisation/domain-record", { domain: wanted }));
  });
  const prove = useTask(async (wanted: string) => {
    set(await call<OrganisationSettings>("POST", "/organisation/domain", { domain: wanted }));
    notify("good", text.organisation.proven);
    onClose();
  });
  return (
    <Modal heading={text.organisation.prove} onClose={onClose}>
      {record ? (
        <div class="stack">
          <p>{text.organisation.record}</p>
          <dl class="facts dns">
            <div>
              <dt>{text.organisation.recordName}</dt>
              <dd>
                <code dir="ltr">{record.name}</code>
                <CopyButton value={record.name}>{text.organisation.copyName}</CopyButton>
              </dd>
            </div>
            <div>
              <dt>{text.organisation.recordValue}</dt>
              <dd>
                <code dir="ltr">{record.value}</code>
                <CopyButton value={record.value}>{text.organisation.copyValue}</CopyButton>
              </dd>
            </div>
          </dl>
          <p class="hint">{text.organisation.recordHint}</p>
          <ErrorLine words={prove.error} />
          <div class="modal-foot">
            <Button onPress={() => setRecord(undefined)}>{text.organisation.otherDomain}</Button>
            <span class="push">
              <Button look="primary" disabled={prove.busy} onPress={() => prove.run(record.domain)}>
                {prove.busy ? text.organisation.looking : text.organisation.lookUp}
              </Button>
            </span>
          </div>
        </div>
      ) : (
        <form
          class="stack"
          onSubmit={(event) => {
            event.preventDefault();
            if (!show.busy && domain.current) void show.run(domain.current.value.trim());
          }}
        >
          <Field words={text.organisation.domain} hint={text.organisation.domainHint}>
            {(ties) => (
              <input {...ties} ref={domain} required maxLength={253} autocapitalize="none" spellcheck={false} dir="ltr" />
            )}
          </Field>
          <ErrorLine words={show.error} />
          <div class="modal-foot">
            <Button onPress={onClose}>{text.common.cancel}</Button>
            <span class="push">
              <Button look="primary" submit disabled={show.busy}>
                {text.secondFactor.next}
              </Button>
            </span>
          </div>
        </form>
      )}
    </Modal>
  );
}
