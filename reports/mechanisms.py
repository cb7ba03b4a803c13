"""Where to look in the code, by the mechanism that a finding looks like: one sentence each.

It knows mechanisms by their names; of those that it does not know, and of "unknown", it has
nothing to say, and the check's own advice stands.
"""

from __future__ import annotations

from collections.abc import Mapping

LOOK: Mapping[str, str] = {
    "a read by id alone, without a check of the owner": "Look at every place that reads a "
    "conversation by its id, and compare its owner with the user of the token.",
    "a targeted send became a send to all": "Look at the code that picks the sockets for an "
    "event: it takes all that are open instead of those of whoever asked.",
    "a group named after the beginning of an id": "Look at how rooms, groups or channels get "
    "their names: use the whole id, and keep its capitals.",
    "a subscription that takes the beginning of an id for the whole": "Look at subscriptions, "
    "topics and searches by a pattern: a user's must end where the id ends.",
    "a subscription that outlives the query it was made for": "Look at listeners and "
    "subscriptions that are made for a query: each must go whichever way it ends, a cancel and "
    "an error, too.",
    "a frame that was written over before it was sent": "Look at where messages are encoded: a "
    "buffer that is kept is filled again while a send still waits, or was given back twice.",
    "a reply finds its session by the client's id alone": "Look at the table in which answers "
    "find their sessions: clients choose the ids in its keys, so the session or the user "
    "belongs into them.",
    "a targeted send became a send to the whole tenant": "Look at the group that events are sent "
    "to: it is the tenant's, where it should be the user's or the conversation's.",
    "a second emitter sends each event again, to somebody else": "Look for two objects that "
    "send the same events, such as a global one beside the request's own, and remove one.",
    "what was kept for a dropped socket is sent to another": "Look at the queue that keeps "
    "events for whoever lost the connection: its key must be that user's, and nobody else may "
    "take from it.",
    "an identity that is kept from whoever came first": "Look for what is made once, when it is "
    "first needed, and holds that request's user for good, such as a client, a default or a "
    "connection: hand the user on with each request instead.",
    "a session that is taken up again gives what was another's": "Look at what is kept for whoever "
    "resumes, and at how it is found: numbers of sessions that are given again, or a buffer that "
    "outlives its session, hold what was said to whoever had it before.",
    "whoever asked last gets what is sent": "Look for one object, shared by all users, that keeps "
    "the session or the user of the question at hand: each question overwrites it, so hand the "
    "session on with the question instead.",
    "the newest socket wins": "Look for one object, shared by all users, that keeps the socket "
    "to send to: each connect overwrites it, so find the socket by its session instead.",
    "another's frames under the recipient's ids": "Look at what writes the ids into an event: "
    "it does so after the socket was chosen, and so hides that the choice was wrong.",
    "one dispatcher of tools, whose events follow the run that came last": "Look at how a tool "
    "finds whom to tell of its progress: give each run a way of its own, not one that is set "
    "anew by every run.",
    "what a tool gave one is given to another": "Look at where a tool keeps what it found (a "
    "cache, a workspace, a search that several wait for): its key must hold the user.",
    "an error carries a dump of what others asked": "Look at what error messages are made "
    "from: they quote state that is not the request's own.",
    "an error carries another's context": "Look at where an error takes its ids and its text "
    "from: it must be the request that failed, not what was handled last.",
    "a conversation that is found by its id alone, where several have the same": "Look at the "
    "key under which a conversation's state is kept: the user belongs into it.",
    "a reply that was given to somebody else who waited for one": "Look at how a reply finds "
    "whoever waits for it: an id that is drawn or counted may be taken already, and what is looked "
    "up for several at once comes in an order of its own.",
    "answers stream out of one buffer": "Give each answer a buffer of its own, and do not "
    "use it again before all of it was sent.",
    "a reply left on a connection for whoever borrows it next": "Look at pooled connections "
    "(database, cache, HTTP): one whose command was cancelled must be closed, not given back.",
    "what a run that broke off had left behind": "Look at what is given back to a pool, or kept, "
    "when a run fails or is cancelled (an agent, a buffer, a connection), and clean it on that "
    "way too, or throw it away.",
    "a memory that is searched without the user in its filter": "Look at how memory or "
    "documents are searched: every search must name the user or tenant, also where there is none.",
    "a search that does not ask whose documents they are": "Look at how documents are "
    "searched: every search must name the tenant or user who may see what it finds.",
    "a cache of answers without the user in its key": "Look at the key of the answer cache, or "
    "of what joins equal questions that are under way at once: it must hold the user, and "
    "whatever else the answer was made from.",
    "a cache whose key is cut short": "Look at the key of the answer cache: it must hold the "
    "whole question and the user, not a beginning or a form without capitals.",
    "one agent object shared by overlapping runs": "Look for an agent, factory or state that is "
    "made once and used by all: each run needs its own, nested lists included.",
    "state that another's run had left behind": "Look at what outlives a run: pooled agents, "
    "connections and their variables, a default conversation; each must be reset before it is "
    "used again.",
    "one conversation's words in another of the same user": "Look at what is kept for a user "
    "(a memory, a cache, an agent): what one conversation was told needs its id in the key.",
    "a row written with the id of whoever came last": "Look at where the owner of a row is "
    "taken from when it is written: a variable that all requests share.",
    "one's words written into another's row": "Look at whoever writes rows for several at once "
    "(a batch, a queue, a job behind the answer): owner and words must travel together.",
    "one result is given to all who wait for the like": "Look at what joins requests that are "
    "under way (a single flight, a debounce, a batch): its key must hold the user and the whole "
    "question.",
    "a row that is found without its user, and written again": "Look at how the row that is "
    "updated is found: its user belongs into the key, and into the unique constraint.",
    "an identity that another's run had left on a worker": "Look at work that is handed to "
    "threads: the user must be handed over with it, not read from what the thread had before.",
    "callers are let in as one common user": "Look at what happens when a token cannot be "
    "checked in time: such a caller must be turned away, not taken for a guest.",
    "a token is taken for another's": "Look at what remembers checked tokens: its key must "
    "be the whole token, also where tokens are exchanged.",
    "ids of sessions are made from the clock": "Look at how ids of sessions and connections "
    "are made: take random ones, which no two can have.",
    "events follow the conversation's id, which is known to no session yet": "Look at the key "
    "by which events find a session: it is there only once a conversation has been stored.",
    "a place that is not given back when a session ends": "Look at what counts a user's "
    "sessions: it must count down however a session ends, also without a goodbye.",
    "a canned text in the place of an answer": "Look for a text that stands in for an answer "
    "when the model fails or is overloaded: it must be told as a failure.",
    "an id that is given twice": "Look at how session ids are made: clocks, counters and short "
    "random parts repeat themselves when several come at once.",
    "accepted and never handled": "Look for a way on which a request is taken and then dropped: "
    "an exception that nobody logs, a queue that is full.",
    "the last event is lost": "Look at what sends the last event: the run is stored as over, "
    "and sending its end failed or was skipped.",
    "the agent died without a word": "Look for what ends an agent in mid-run, and for the "
    "watch that should notice it and tell the user.",
    "an answer that waited for something": "Look at what these answers waited for, since they "
    "came in the end: a lock, a pool that is too small, another service.",
    "answered, never stored": "Look at what happens between the answer and the commit: an "
    "error that is swallowed, a rollback that nobody sees.",
    "one transaction shared by overlapping runs": "Look for a database session that is made "
    "once and used by several runs: each needs its own, so that a rollback is its own too.",
    "kept only where it was told": "Look at where memory is kept: with the session it ends with "
    "it, and in one of many processes hardly anybody finds it again; keep it in a store.",
    "kept in one process's memory": "Look at where memory is kept: in one process it is gone "
    "when that one ends, and unknown to the others.",
    "written twice": "Look at retries: the second attempt must find what the first has written, "
    "by a key of the operation.",
    "a path without the user's identity": "Look for the way on which a row is written without "
    "knowing the user: a thread, a background job, a default.",
    "a commit where a rollback belongs": "Look at how a failed operation ends its transaction: "
    "it commits what it had begun.",
    "a commit without its end": "Look at what is to be written when an operation ends, and why "
    "that was left out.",
    "a run that was given up talks on": "Look at what ends a run that is cancelled or out of "
    "time: it must stop the agent itself, and wait until that has stopped.",
    "several senders without an order": "Look for several tasks that send to one socket: an "
    "answer needs one sender, which ends it.",
    "sent again, or by two emitters": "Look for a retry that sends an event again, or for two "
    "emitters of it.",
    "a token is believed that proves nothing": "Look for a way in that does not check the "
    "signature and the expiry: a test header, another algorithm, a cache of tokens.",
    "the user is taken from the request, not from the token": "Take the user from the verified "
    "token everywhere, never from a message, an address or a header.",
    "a session is given back by its id alone": "Check the owner wherever a session is given "
    "back by its id.",
    "a login is believed after its end": "When a login ends, close its sockets and forget what "
    "was validated for it.",
    "an attempt takes effect before it is refused": "Refuse first: nothing of a session may be "
    "moved or replaced before the token was checked.",
}
"""By the names that fingerprints give."""
SLOW: Mapping[str, str] = {
    "connects that are served one after another": "Look at what a connect does before it is "
    "ready (checks, a lock, a query): several must be able to do it at once.",
    "answers that wait for one another, as for a lock, a small pool or a full processor": "Look "
    "for what all answers pass through (a lock, a semaphore, a pool, one thread), and compare "
    "the platform's CPU at that time.",
    "a share that is slow whatever the load": "Look at what the slow ones have in common (a "
    "replica, a tool, a retry behind a time-out): the others did without it.",
}
"""By the names that missed times are given."""


def look(mechanism: str) -> str:
    """Where to look; empty of a mechanism that nobody knows."""
    return LOOK.get(mechanism) or SLOW.get(mechanism, "")
