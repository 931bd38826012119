// Devices: the computers that can be asked without a session code.

import { useState } from "preact/hooks";
import { acceptDevice, ask, retireDevice } from "../actions";
import { RequestMark } from "../request/agent-request";
import { isOpen, latestRequest, type State } from "../state";
import { text } from "../strings";
import type { DeviceView } from "../types";
import { Icon } from "../ui/icons";
import { Badge, Button, Empty, Modal, Name, PresenceMark, Section } from "../ui/parts";
import { searchDevices } from "./search";

/** Ten thousand rows would take seconds to draw, and nobody reads them; the search does. */
const ROWS = 50;

export function Devices({ state }: { state: State }) {
  const [query, setQuery] = useState("");
  const [rows, setRows] = useState(ROWS);
  const [retiring, setRetiring] = useState<DeviceView>();
  const found = searchDevices(state.devices, query);
  return (
    <Section
      heading={text.devices.heading}
      count={state.devices.length}
      aside={
        <label class="search">
          <Icon name="search" />
          <span class="hidden">{text.devices.search}</span>
          <input
            type="search"
            value={query}
            placeholder={text.devices.searchPlaceholder}
            onInput={(event) => {
              setQuery(event.currentTarget.value);
              setRows(ROWS);
            }}
          />
        </label>
      }
    >
      <p class="hidden" role="status">
        {query && text.devices.count(found.length)}
      </p>
      {state.devices.length === 0 ? (
        <Empty icon="computer" title={text.devices.empty}>
          {text.devices.emptyDetail}
        </Empty>
      ) : found.length === 0 ? (
        <Empty icon="search" title={text.devices.noMatch}>
          {text.devices.noMatchDetail}
        </Empty>
      ) : (
        <ul class="rows devices">
          {found.slice(0, rows).map((it) => (
            <Device key={it.id} device={it} state={state} onRetire={() => setRetiring(it)} />
          ))}
        </ul>
      )}
      {found.length > rows && (
        <Button look="quiet" onPress={() => setRows(rows + ROWS)}>
          {text.devices.more(Math.min(ROWS, found.length - rows))}
        </Button>
      )}
      {retiring && (
        <Modal heading={text.devices.retireHeading} onClose={() => setRetiring(undefined)}>
          <p>
            <strong>
              <Name of={retiring.computer} />
            </strong>{" "}
            · <Name of={retiring.user} />
          </p>
          <p>{text.devices.retireDetail}</p>
          <div class="modal-foot">
            <Button onPress={() => setRetiring(undefined)}>{text.common.cancel}</Button>
            <Button
              look="danger"
              onPress={() => {
                void retireDevice(retiring.id);
                setRetiring(undefined);
              }}
            >
              {text.devices.retire}
            </Button>
          </div>
        </Modal>
      )}
    </Section>
  );
}

function Device({ device, state, onRetire }: { device: DeviceView; state: State; onRetire: () => void }) {
  const target = { device: device.id };
  const session = device.agent.session_id;
  const latest = latestRequest(state, target);
  const request = latest && isOpen(latest) ? latest : undefined;
  return (
    <li class="row device">
      <div class="row-main">
        <p class="row-title">
          <Name of={device.computer} />
        </p>
        <p class="dim">
          <Name of={device.user} />
        </p>
      </div>
      <span class="tag" title={device.group.name}>
        <Name of={device.group.name} />
      </span>
      <div class="row-presence">
        {!device.accepted ? (
          <Badge tone="warn">{text.devices.pending}</Badge>
        ) : request ? (
          <RequestMark request={request} />
        ) : (
          <PresenceMark presence={device.agent.presence} />
        )}
      </div>
      <div class="row-actions">
        {!device.accepted ? (
          <Button look="primary" small label={text.devices.acceptOf(device.computer)} onPress={() => acceptDevice(device.id)}>
            {text.devices.accept}
          </Button>
        ) : session ? (
          <a class="button button-small" href={`#/sessions/${session}`}>
            {text.devices.openSession}
          </a>
        ) : (
          <Button small label={request ? undefined : text.devices.askOf(device.computer)} onPress={() => ask(target)}>
            {request ? text.request.show : text.devices.ask}
          </Button>
        )}
        <button
          type="button"
          class="icon-button"
          title={text.devices.retire}
          aria-label={text.devices.retireOf(device.computer)}
          onClick={onRetire}
        >
          <Icon name="bin" />
        </button>
      </div>
    </li>
  );
}
