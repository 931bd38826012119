// The help queue: users of devices who asked for help, oldest first.

import { ask, closeHelp, takeHelp } from "../actions";
import type { State } from "../state";
import { text } from "../strings";
import type { DeviceView, HelpView } from "../types";
import { Ago, Button, Empty, Name, Section, Words } from "../ui/parts";

export function HelpQueue({ state, waiting }: { state: State; waiting: number }) {
  const inOrder = [...state.help.filter((it) => !it.taken_by), ...state.help.filter((it) => it.taken_by)];
  return (
    <Section heading={text.help.heading} count={waiting} className={waiting > 0 ? "panel-urgent" : ""}>
      {state.help.length === 0 ? (
        <Empty icon="check" title={text.help.empty}>
          {text.help.emptyDetail}
        </Empty>
      ) : (
        <ul class="queue">
          {inOrder.map((it) => (
            <Help key={it.id} help={it} device={state.devices.find((device) => device.id === it.device_id)} />
          ))}
        </ul>
      )}
    </Section>
  );
}

function Help({ help, device }: { help: HelpView; device: DeviceView | undefined }) {
  const session = device?.agent.session_id;
  return (
    <li class="queue-item">
      <div class="queue-who">
        <div class="row-main">
          <p class="row-title">
            <Name of={help.user} />
          </p>
          <p class="dim">
            <Name of={help.computer} />
          </p>
        </div>
        <span class="dim push nowrap">
          <Ago at={help.created_at} />
        </span>
      </div>
      <p class="queue-text">
        <Words of={help.text} />
      </p>
      {help.taken_by && (
        <p class="dim">
          {text.help.takenBy} <Name of={help.taken_by.name} />
        </p>
      )}
      <div class="queue-actions">
        {!help.taken_by && (
          <Button small look="primary" label={text.help.takeOf(help.user)} onPress={() => takeHelp(help.id)}>
            {text.help.take}
          </Button>
        )}
        {session ? (
          <a class="button button-small" href={`#/sessions/${session}`}>
            {text.devices.openSession}
          </a>
        ) : (
          <Button small label={text.devices.askOf(help.computer)} onPress={() => ask({ device: help.device_id })}>
            {text.help.ask}
          </Button>
        )}
        <span class="push">
          <Button small look="quiet" label={text.help.closeOf(help.user)} onPress={() => closeHelp(help.id)}>
            {text.help.close}
          </Button>
        </span>
      </div>
    </li>
  );
}
