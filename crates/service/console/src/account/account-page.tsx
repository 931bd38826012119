// An operator's own account: who one is, the language, the password.

import { notify } from "../store";
import { text } from "../strings";
import type { Me } from "../types";
import { LanguageChoice } from "../ui/language-choice";
import { Page } from "../ui/page";
import { Name, Section } from "../ui/parts";
import { PasswordForm } from "./password-form";
import { SecondFactor } from "./second-factor";

export function AccountPage({ me, waiting }: { me: Me; waiting: number }) {
  return (
    <Page heading={text.account.heading} waiting={waiting} narrow>
      <Section heading={text.account.details}>
        <dl class="facts">
          <div>
            <dt>{text.account.name}</dt>
            <dd>
              <Name of={me.operator.name} />
              <p class="hint">{text.account.nameHint}</p>
            </dd>
          </div>
          <div>
            <dt>{text.account.login}</dt>
            <dd>
              <bdi>{me.login}</bdi>
            </dd>
          </div>
          <div>
            <dt>{text.account.role}</dt>
            <dd>{text.roles[me.role]}</dd>
          </div>
        </dl>
      </Section>
      <Section heading={text.common.language}>
        <LanguageChoice bare />
        <p class="hint below">{text.account.languageHint}</p>
      </Section>
      <Section heading={text.secondFactor.heading}>
        <SecondFactor />
      </Section>
      <Section heading={text.account.password}>
        <PasswordForm login={me.login} oneTime={false} onChanged={() => notify("good", text.account.changed)} />
      </Section>
    </Page>
  );
}
