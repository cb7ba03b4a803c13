"""A chain of LangChain with a memory of the conversation: `RunnableWithMessageHistory`.

Which history belongs to a session is said by a function of the application's.
bad: it returns one history, made once for the module · fixed: one for each user and thread.
"""

import asyncio
import warnings

from langchain_core.chat_history import InMemoryChatMessageHistory
from langchain_core.messages import AIMessage, HumanMessage
from langchain_core.runnables import RunnableLambda
from langchain_core.runnables.history import RunnableWithMessageHistory
from wire import Lab, Turn

warnings.simplefilter("ignore")  # it is deprecated, and widely used
LAB = Lab("bad", "fixed")
MODEL_SECONDS = 0.02
REMEMBERED = 3
histories: dict[str, InMemoryChatMessageHistory] = {}


def history_of(session: str) -> InMemoryChatMessageHistory:
    key = "the history" if LAB.mode == "bad" else session
    return histories.setdefault(key, InMemoryChatMessageHistory())


async def model(messages: list) -> AIMessage:
    """Stands for a model: it refers to what it was told last."""
    await asyncio.sleep(MODEL_SECONDS)
    told = [message.content for message in messages if isinstance(message, HumanMessage)]
    return AIMessage(" Then you said: ".join(told[-REMEMBERED:]))


chain = RunnableWithMessageHistory(RunnableLambda(model), history_of)


async def answer(turn: Turn) -> str:
    session = {"configurable": {"session_id": f"{turn.user}/{turn.thread}"}}
    said = await chain.ainvoke([HumanMessage(turn.text)], config=session)
    return f"You said: {said.content}"


asyncio.run(LAB.serve(answer))
