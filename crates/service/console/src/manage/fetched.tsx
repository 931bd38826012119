// The pages of administrators, fetched when the first of them is opened: most operators never see one.

import type { ComponentProps } from "preact";
import { useLoaded } from "../ui/loaded";
import { Fetching } from "../ui/page";
import type { Management } from "./management";

const ROUTES: readonly Route[] = ["#/operators", "#/enrolment", "#/organisation", "#/audit"];

export type Route = "#/operators" | "#/enrolment" | "#/organisation" | "#/audit";

export function isManagement(route: string): route is Route {
  return (ROUTES as readonly string[]).includes(route);
}

export function FetchedManagement(props: ComponentProps<typeof Management>) {
  const fetched = useLoaded(() => import("./management"));
  return fetched.data ? <fetched.data.Management {...props} /> : <Fetching of={fetched} />;
}
