// Which page of administrators the address names.

import type { Me } from "../types";
import { AuditPage } from "./audit-page";
import { EnrolmentPage } from "./enrolment-page";
import type { Route } from "./fetched";
import { OperatorsPage } from "./operators-page";
import { OrganisationPage } from "./organisation-page";

interface ManagementProps {
  readonly me: Me;
  readonly route: Route;
  readonly waiting: number;
}

export function Management({ me, route, waiting }: ManagementProps) {
  switch (route) {
    case "#/operators":
      return <OperatorsPage me={me} waiting={waiting} />;
    case "#/enrolment":
      return <EnrolmentPage waiting={waiting} />;
    case "#/organisation":
      return <OrganisationPage me={me} waiting={waiting} />;
    case "#/audit":
      return <AuditPage waiting={waiting} />;
  }
}
