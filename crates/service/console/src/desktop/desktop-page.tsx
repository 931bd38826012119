// A session's desktop in a window of its own.

import { useEffect } from "preact/hooks";
import { useSession } from "../session/use-session";
import type { App } from "../store";
import { text } from "../strings";
import type { Me } from "../types";
import { Empty } from "../ui/parts";
import { FetchedViewer } from "./desktop";

interface DesktopPageProps {
  readonly app: App;
  readonly me: Me;
  readonly id: string;
  readonly waiting: number;
}

export function DesktopPage({ app, me, id, waiting }: DesktopPageProps) {
  const { session, failure } = useSession(app, id);
  const title = text.title(waiting, text.desktop.of(session?.title ?? ""));
  useEffect(() => {
    document.title = title;
  }, [title]);
  if (session?.operator.id === me.operator.id) return <FetchedViewer app={app} session={session} alone />;
  return (
    <div class="gate">
      {session ? (
        <Empty icon="computer" title={text.chat.notYours}>
          {text.desktop.notYours}
        </Empty>
      ) : failure ? (
        <Empty icon="search" title={text.session.missing}>
          {failure}
        </Empty>
      ) : (
        <p class="loading">
          <span class="spinner" />
          {text.session.loading}
        </p>
      )}
    </div>
  );
}
