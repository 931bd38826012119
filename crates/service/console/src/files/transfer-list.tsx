// Files on their way, and how each of them stands.

import { useEffect, useState } from "preact/hooks";
import { text } from "../strings";
import { files } from "../strings/files";
import { Icon, type IconName } from "../ui/icons";
import { Button } from "../ui/parts";
import { bytes, share, speed } from "./amounts";
import { shownName, shownPath } from "./names";
import { FileName } from "./table";
import { cancel, canRetry, clear, isOpen, retry, type Transfer, type TransferState, transfersOf, watch } from "./transfers";

/** A session's transfers, drawn again with each change. */
export function useTransfers(session: string): readonly Transfer[] {
  const [transfers, setTransfers] = useState(() => transfersOf(session));
  useEffect(() => {
    setTransfers(transfersOf(session));
    return watch(() => setTransfers(transfersOf(session)));
  }, [session]);
  return transfers;
}

/** How many are shown at once; those that are over give way. */
const SHOWN = 50;

const ICONS: Record<TransferState, IconName> = {
  queued: "clock",
  running: "upload",
  waiting: "clock",
  done: "check",
  handed: "download",
  failed: "warning",
  cancelled: "minus",
};

export function TransferList({ session, transfers }: { session: string; transfers: readonly Transfer[] }) {
  if (transfers.length === 0) return null;
  const open = transfers.filter(isOpen);
  const over = transfers.filter((it) => !isOpen(it));
  const shown = [...open, ...over.toReversed()].slice(0, SHOWN);
  const more = transfers.length - shown.length;
  return (
    <section class="transfers" aria-label={files.transfers}>
      <div class="transfers-head">
        <h3>{files.transfers}</h3>
        <span class="dim">{open.length > 0 ? files.underWay(open.length) : files.allOver}</span>
        <span class="push" />
        {over.length > 0 && (
          <Button small look="quiet" onPress={() => clear(session)}>
            {files.clear}
          </Button>
        )}
      </div>
      {/* What is scrolled must be reached by keyboard. */}
      <ul tabIndex={0} aria-label={files.transfers}>
        {shown.map((it) => (
          <Row key={it.id} of={it} />
        ))}
      </ul>
      {more > 0 && <p class="hint">{files.andMore(more)}</p>}
      <p class="hidden" role="status">
        {lastWord(transfers)}
      </p>
    </section>
  );
}

function Row({ of }: { of: Transfer }) {
  const name = of.path.at(-1) ?? "";
  const folder = of.path.slice(0, -1);
  return (
    <li class="transfer" data-state={of.state}>
      <Icon name={of.direction === "down" && of.state === "running" ? "download" : ICONS[of.state]} />
      <div class="transfer-main">
        <p>
          <FileName of={name} />
          {folder.length > 0 && (
            <span class="dim">
              {" "}
              <bdi>{shownPath(folder)}</bdi>
            </span>
          )}
        </p>
        {of.direction === "up" && isOpen(of) && (
          <progress max={Math.max(1, of.size)} value={Math.min(of.sent, 0.99 * of.size)} aria-label={files.progressOf(shownName(name))} />
        )}
        <p class="transfer-words dim">{wordsOf(of)}</p>
      </div>
      {of.direction === "up" && isOpen(of) && (
        <button type="button" class="icon-button" aria-label={files.cancelOf(shownName(name))} title={text.common.cancel} onClick={() => cancel(of.id)}>
          <Icon name="cross" />
        </button>
      )}
      {canRetry(of) && (
        <Button small label={files.againOf(shownName(name))} onPress={() => retry(of.id)}>
          {text.common.tryAgain}
        </Button>
      )}
    </li>
  );
}

function wordsOf(it: Transfer): string {
  const far = files.sentOf(bytes(it.sent), bytes(it.size), share(it.sent, it.size));
  switch (it.state) {
    case "running":
      if (it.direction === "down") return files.beginning;
      if (it.size > 0 && it.sent >= it.size) return files.storing;
      return it.speed === undefined ? far : `${far} · ${speed(it.speed)}`;
    // How much has arrived is known when it goes on.
    case "waiting":
      return files.waiting;
    case "done":
      return `${files.uploaded} ${bytes(it.size)}`;
    case "failed":
      return it.problem ?? files.problems.failed;
    case "queued":
      return files.queued;
    case "handed":
      return files.handed;
    case "cancelled":
      return files.cancelled;
  }
}

/** What a person who cannot see the list is told: ends, not every step. */
function lastWord(transfers: readonly Transfer[]): string {
  const told: readonly TransferState[] = ["waiting", "done", "handed", "failed"];
  const last = transfers.filter((it) => told.includes(it.state)).sort((a, b) => a.turn - b.turn).at(-1);
  return last ? `${shownName(last.path.at(-1) ?? "")}: ${wordsOf({ ...last, speed: undefined })}` : "";
}
