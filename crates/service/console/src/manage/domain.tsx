// The organisation's domain: who says so, and how another is proven through DNS.

import { useRef, useState } from "preact/hooks";
import { call } from "../actions";
import { notify } from "../store";
import { text } from "../strings";
import * as manage from "../strings/manage";
import { secondFactor } from "../strings/account";
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
          {domain_by && <p class="hint">{manage.organisation.domainBy[domain_by]}</p>}
        </>
      ) : (
        manage.organisation.noDomain
      )}
      <p class="below">
        <Button small icon="shield" onPress={() => setOpen(true)}>
          {manage.organisation.prove}
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
    notify("good", manage.organisation.proven);
    onClose();
  });
  return (
    <Modal heading={manage.organisation.prove} onClose={onClose}>
      {record ? (
        <div class="stack">
          <p>{manage.organisation.record}</p>
          <dl class="facts dns">
            <div>
              <dt>{manage.organisation.recordName}</dt>
              <dd>
                <code dir="ltr">{record.name}</code>
                <CopyButton value={record.name}>{manage.organisation.copyName}</CopyButton>
              </dd>
            </div>
            <div>
              <dt>{manage.organisation.recordValue}</dt>
              <dd>
                <code dir="ltr">{record.value}</code>
                <CopyButton value={record.value}>{manage.organisation.copyValue}</CopyButton>
              </dd>
            </div>
          </dl>
          <p class="hint">{manage.organisation.recordHint}</p>
          <ErrorLine words={prove.error} />
          <div class="modal-foot">
            <Button onPress={() => setRecord(undefined)}>{manage.organisation.otherDomain}</Button>
            <span class="push">
              <Button look="primary" disabled={prove.busy} onPress={() => prove.run(record.domain)}>
                {prove.busy ? manage.organisation.looking : manage.organisation.lookUp}
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
          <Field words={manage.organisation.domain} hint={manage.organisation.domainHint}>
            {(ties) => (
              <input {...ties} ref={domain} required maxLength={253} autocapitalize="none" spellcheck={false} dir="ltr" />
            )}
          </Field>
          <ErrorLine words={show.error} />
          <div class="modal-foot">
            <Button onPress={onClose}>{text.common.cancel}</Button>
            <span class="push">
              <Button look="primary" submit disabled={show.busy}>
                {secondFactor.next}
              </Button>
            </span>
          </div>
        </form>
      )}
    </Modal>
  );
}
