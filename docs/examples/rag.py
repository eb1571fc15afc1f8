"""Answers from your own documents, with the passages that they come from.

    pip install '.[docs]'
    python docs/examples/rag.py "When does the kitchen close?"
    python docs/examples/rag.py "What was decided?" minutes.pdf slides.pptx

Kimi extracts the documents, a model on this machine finds the passages, Kimi answers.
With MOONSHOT_API_KEY set it runs against Kimi; without, against the local emulator,
which finds the same passages but cannot answer from them.
"""

import argparse
import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import wordllama
from langchain_core.documents import Document
from langchain_core.embeddings import Embeddings
from langchain_core.prompts import ChatPromptTemplate
from langchain_core.vectorstores import InMemoryVectorStore
from langchain_text_splitters import RecursiveCharacterTextSplitter

from langchain_kimi import ChatKimi, KimiFileLoader, KimiFiles
from langchain_kimi.emulator import Emulator

HERE = Path(__file__).parent
DOCUMENTS = [HERE / "guest-house.md", HERE / "kitchen.docx"]
QUESTION = "When does the kitchen close?"
INSTRUCTIONS = """\
Answer from the passages only, and name the file of each fact in brackets.
Say so if they do not hold the answer.

{passages}"""
PROMPT = ChatPromptTemplate.from_messages(
    [("system", INSTRUCTIONS), ("user", "{question}")]
)


class LocalEmbeddings(Embeddings):
    """Vectors of 256 numbers, from a model that comes with its package."""

    def __init__(self) -> None:
        # The package looks for its own tokenizer in a folder that it does not have,
        # and would download another one: as the cache, its own folder has both.
        self._model = wordllama.WordLlama.load(
            cache_dir=Path(wordllama.__file__).parent, disable_download=True
        )

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        return self._model.embed(texts, norm=True).tolist()

    def embed_query(self, text: str) -> list[float]:
        return self.embed_documents([text])[0]


@contextmanager
def open_api() -> Iterator[dict[str, str]]:
    """Yield nothing, which means Kimi, or the address and key of an emulator."""
    if os.environ.get("MOONSHOT_API_KEY"):
        yield {}
        return
    with Emulator() as kimi:
        yield {"base_url": kimi.base_url, "api_key": kimi.api_key}


def build_index(paths: list[Path], files: KimiFiles) -> InMemoryVectorStore:
    """Return a store with the passages of all documents."""
    splitter = RecursiveCharacterTextSplitter(chunk_size=250, chunk_overlap=0)
    store = InMemoryVectorStore(LocalEmbeddings())
    for document in KimiFileLoader(paths, files=files).lazy_load():
        passages = splitter.split_documents([document])
        store.add_documents(passages)
        print(f"{document.metadata['filename']}: {len(passages)} passages")
    return store


def join_passages(passages: list[Document]) -> str:
    return "\n\n".join(
        f"[{passage.metadata['filename']}]\n{passage.page_content}"
        for passage in passages
    )


def main() -> None:
    # Importing wordllama turns on the log of everything, each HTTP request included.
    logging.getLogger().setLevel(logging.WARNING)
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("question", nargs="?", default=QUESTION)
    parser.add_argument("documents", nargs="*", type=Path, default=DOCUMENTS)
    given = parser.parse_args()
    with open_api() as target, KimiFiles(**target) as files:
        store = build_index(given.documents or DOCUMENTS, files)
        passages = join_passages(store.similarity_search(given.question, k=2))
        print(f"\n{given.question}\n\n{passages}\n")
        answer = (PROMPT | ChatKimi(**target)).invoke(
            {"passages": passages, "question": given.question}
        )
        print(answer.text)
        print(f"\n{len(files.list())} files are left on the server.")


if __name__ == "__main__":
    main()
