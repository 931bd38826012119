// The receipts of a session, read and ready to be kept.

import { explainRequest } from "../announce";
import { timeOfDay } from "../format";
import { type ReadReceipt, readReceipt } from "../receipt";
import { text } from "../strings";
import type { Permission, ReceiptView } from "../types";
import { Badge, Button, Section } from "../ui/parts";

export function Receipts({ receipts }: { receipts: readonly ReceiptView[] }) {
  return (
    <Section heading={text.receipts.heading}>
      <p class="hint">{receipts.length === 0 ? text.receipts.empty : text.receipts.lead}</p>
      <ul class="receipts">
        {receipts.map((it) => (
          <Receipt key={it.request_id} view={it} />
        ))}
      </ul>
    </Section>
  );
}

function Receipt({ view }: { view: ReceiptView }) {
  const receipt = readReceipt(view.receipt);
  return (
    <li class="receipt">
      <div class="receipt-head">
        <strong>{receipt ? text.receipts.number(receipt.terms.number) : text.receipts.heading}</strong>
        {receipt && <Outcome receipt={receipt} />}
        <span class="dim push nowrap">{timeOfDay(view.received_at, Date.now())}</span>
      </div>
      {receipt ? <Terms receipt={receipt} /> : <p>{text.receipts.unreadable}</p>}
      <details>
        <summary>{text.receipts.show}</summary>
        <code class="jws" tabIndex={0}>
          {view.receipt}
        </code>
      </details>
      <Button small icon="download" onPress={() => download(`receipt-${view.request_id}.jws`, view.receipt)}>
        {text.receipts.download}
      </Button>
    </li>
  );
}

function Outcome({ receipt: { terms } }: { receipt: ReadReceipt }) {
  const tone = { approved: "good", rejected: "bad", unanswered: "warn" } as const;
  return <Badge tone={tone[terms.outcome]}>{text.receipts.outcomes[terms.outcome]}</Badge>;
}

function Terms({ receipt: { terms, request } }: { receipt: ReadReceipt }) {
  const granted = terms.outcome === "approved" ? terms.permissions : undefined;
  const given = terms.outcome === "approved" ? terms.given_by : undefined;
  return (
    <dl class="terms">
      <dt>{text.receipts.asked}</dt>
      <dd>{names(request.permissions)}</dd>
      {granted && (
        <>
          <dt>{text.receipts.granted}</dt>
          <dd>{names(granted)}</dd>
        </>
      )}
      {given && (
        <>
          <dt>{text.receipts.given}</dt>
          <dd>{text.request.givenBy[given]}</dd>
        </>
      )}
      {terms.outcome === "unanswered" && (
        <dd class="wide">{explainRequest({ state: "unanswered", cause: terms.cause }).title}</dd>
      )}
    </dl>
  );
}

function names(permissions: readonly Permission[]): string {
  return permissions.map((it) => text.permissions.names[it]).join(", ") || text.receipts.none;
}

function download(name: string, content: string): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([content], { type: "application/jose" }));
  link.download = name;
  link.click();
  URL.revokeObjectURL(link.href);
}
