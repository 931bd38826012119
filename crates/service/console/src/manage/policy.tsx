// What the organisation demands of its operators.

import { call, start } from "../actions";
import { notify } from "../store";
import * as manage from "../strings/manage";
import type { OrganisationSettings } from "../types";
import { useTask } from "../ui/hooks";
import { ErrorLine } from "../ui/parts";

interface PolicyProps {
  readonly settings: OrganisationSettings;
  readonly set: (settings: OrganisationSettings) => void;
}

export function Policy({ settings, set }: PolicyProps) {
  const { busy, error, run } = useTask(async (second_factor_required: boolean) => {
    set(await call<OrganisationSettings>("PUT", "/organisation/policy", { second_factor_required }));
    notify("good", second_factor_required ? manage.organisation.demanded : manage.organisation.optional);
    // Who demands it and has none sets one up at once.
    if (second_factor_required) await start();
  });
  return (
    <>
      <label class="choice choice-alone">
        <input
          type="checkbox"
          checked={settings.second_factor_required ?? false}
          aria-disabled={busy || undefined}
          onChange={(event) => {
            const wanted = event.currentTarget.checked;
            // It shows what is so, not what was clicked.
            event.currentTarget.checked = !wanted;
            if (!busy) void run(wanted);
          }}
        />
        <span>
          <span class="choice-name">{manage.organisation.demand}</span>
          <span class="dim">{manage.organisation.demandHint}</span>
        </span>
      </label>
      <ErrorLine words={error} />
    </>
  );
}
