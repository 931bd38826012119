// An operator's own account: who one is, the language, the password.

import { notify } from "../store";
import { text } from "../strings";
import { account } from "../strings/account";
import type { Me } from "../types";
import { LanguageChoice } from "../ui/language-choice";
import { Page } from "../ui/page";
import { Name, Section } from "../ui/parts";
import { PasswordForm } from "./password-form";
import { SecondFactor } from "./second-factor";

export function AccountPage({ me, waiting }: { me: Me; waiting: number }) {
  return (
    <Page heading={account.heading} waiting={waiting} narrow>
      <Section heading={account.details}>
        <dl class="facts">
          <div>
            <dt>{account.name}</dt>
            <dd>
              <Name of={me.operator.name} />
              <p class="hint">{account.nameHint}</p>
            </dd>
          </div>
          <div>
            <dt>{account.login}</dt>
            <dd>
              <bdi>{me.login}</bdi>
            </dd>
          </div>
          <div>
            <dt>{account.role}</dt>
            <dd>{text.roles[me.role]}</dd>
          </div>
        </dl>
      </Section>
      <Section heading={text.common.language}>
        <LanguageChoice bare />
        <p class="hint below">{account.languageHint}</p>
      </Section>
      <SecondFactor />
      <Section heading={account.password}>
        <PasswordForm login={me.login} oneTime={false} onChanged={() => notify("good", account.changed)} />
      </Section>
    </Page>
  );
}
