// The receipts of a session, in plain words and ready to be kept.

import { explainRequest } from "../announce";
import { day, duration, timeOfDay } from "../format";
import { list } from "../language";
import { countersignedAt, readableCopy, type ReadReceipt, readReceipt } from "../receipt";
import { text } from "../strings";
import type { Organisation, Permission, ReceiptTerms, ReceiptView } from "../types";
import { Badge, Button, Section } from "../ui/parts";

interface ReceiptsProps {
  readonly sessionId: string;
  readonly receipts: readonly ReceiptView[];
  readonly organisation: Organisation;
}

export function Receipts({ sessionId, receipts, organisation }: ReceiptsProps) {
  const exportAll = () => save(`receipts-${sessionId}.json`, readableCopy(receipts, organisation), "application/json");
  return (
    <Section
      heading={text.receipts.heading}
      aside={
        receipts.length > 0 && (
          <Button small icon="download" onPress={exportAll}>
            {text.receipts.exportAll}
          </Button>
        )
      }
    >
      <p class="hint">{receipts.length === 0 ? text.receipts.empty : text.receipts.lead}</p>
      <ul class="receipts">
        {receipts.map((it) => (
          <Receipt key={it.request_id} view={it} organisation={organisation} />
        ))}
      </ul>
    </Section>
  );
}

function Receipt({ view, organisation }: { view: ReceiptView; organisation: Organisation }) {
  const receipt = readReceipt(view.receipt);
  const countersigned = countersignedAt(view.countersignature);
  return (
    <li class="receipt">
      <div class="receipt-head">
        <strong>{receipt ? text.receipts.number(receipt.terms.number) : text.receipts.heading}</strong>
        {receipt && <Outcome receipt={receipt} />}
        <span class="dim push nowrap">{timeOfDay(view.received_at, Date.now())}</span>
      </div>
      {receipt ? <Plainly receipt={receipt} /> : <p>{text.receipts.unreadable}</p>}
      <details>
        <summary>{text.receipts.more}</summary>
        <div class="receipt-more">
          {receipt && (
            <>
              <p>{text.receipts.decided(day(receipt.terms.decided_at))}</p>
              <p class="fingerprint">{text.receipts.key(receipt.key)}</p>
            </>
          )}
          {countersigned && <p>{text.receipts.countersigned(day(countersigned))}</p>}
          <div class="buttons">
            <Button small icon="download" onPress={() => save(`receipt-${view.request_id}.jws`, view.receipt, "application/jose")}>
              {text.receipts.jws}
            </Button>
            <Button
              small
              icon="download"
              onPress={() => save(`receipt-${view.request_id}.json`, readableCopy([view], organisation), "application/json")}
            >
              {text.receipts.json}
            </Button>
          </div>
        </div>
      </details>
    </li>
  );
}

function Outcome({ receipt: { terms } }: { receipt: ReadReceipt }) {
  const tone = { approved: "good", rejected: "bad", unanswered: "warn" } as const;
  return <Badge tone={tone[terms.outcome]}>{text.receipts.outcomes[terms.outcome]}</Badge>;
}

/** What was asked and how it ended, as one would tell it. */
function Plainly({ receipt: { terms, request } }: { receipt: ReadReceipt }) {
  return (
    <div class="plainly">
      <p>{text.receipts.asked(request.operator.name, names(request.permissions))}</p>
      {terms.outcome === "approved" ? (
        <p>
          {text.receipts.approved(names(terms.permissions))} {text.receipts.limit(duration(terms.limit_secs))}
          {terms.given_by && ` ${text.receipts.given(text.request.givenBy[terms.given_by])}`}
        </p>
      ) : (
        <p>{terms.outcome === "unanswered" ? explainRequest({ state: "unanswered", cause: terms.cause }).title : refused(terms)}</p>
      )}
    </div>
  );
}

/** Receipts name suspicion; operators are told of a plain no. */
function refused({ reason }: Extract<ReceiptTerms, { outcome: "rejected" }>): string {
  return text.request.reasons[reason ?? "suspicious"];
}

function names(permissions: readonly Permission[]): string {
  return list(permissions.map((it) => text.permissions.names[it])) || text.receipts.none;
}

function save(name: string, content: string, type: string): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([content], { type }));
  link.download = name;
  link.click();
  URL.revokeObjectURL(link.href);
}
