"""The only place that builds concrete objects: one vault, its index, its engines and its agents."""

import asyncio
import logging

from agents.answer import Answerer
from agents.answering.assess import Assessor
from agents.answering.mastery import MasteryBook
from agents.digests.digest import Digests
from agents.errors import AgentError
from agents.inbox.gate import Gate
from agents.inbox.inbox import Inbox
from agents.links.linkpaths import LinkPaths
from agents.prompts import Prompts
from agents.properties.describe import Describer
from agents.properties.properties import Properties
from agents.properties.wishes import Choice, Wisher
from agents.related.link import Linker, own_hash
from agents.related.linked import KIND as LINKS
from agents.related.neighbours import Limits as LinkLimits
from agents.related.sample import Sample
from agents.relations.relate import Relater
from agents.relations.relation_probe import RelationProof
from agents.sections import sections
from agents.sections.section_book import SectionBook
from agents.sections.sections import Sections
from agents.sections.statements import Author
from daemon.bus import Bus
from daemon.config import Settings
from daemon.courtesy import Courtesy, polite
from daemon.engines.guarded import GuardedEmbedder, GuardedReranker
from daemon.engines.hosting.counted import counted, tallies_of
from daemon.engines.hosting.host import EngineHost
from daemon.engines.recipe import Recipes, recipe
from daemon.folder import folder_of, locate, open_index, open_state
from daemon.indexing.forgetting import Forgetting, prompt_overrides
from daemon.indexing.upkeep import Upkeep
from daemon.indexing.verifying import UNDER_WAY, Verifying
from daemon.indexing.warming import warming_of
from daemon.jobs.jobs import Jobs
from daemon.jobs.producers import producers
from daemon.linking.autolink import AutoLink
from daemon.linking.deciding import Deciding
from daemon.linking.enriching import Enriching
from daemon.linking.kinds import kinds
from daemon.linking.linking import Linking
from daemon.linking.mentioning import mentioner_of, names_of
from daemon.linking.moving import Moving
from daemon.linking.proposing import Proposing
from daemon.linking.sectioning import Sectioning
from daemon.lock import VaultLock
from daemon.models.loads import Announcer
from daemon.models.modelnames import ModelNames
from daemon.policy import LivePolicy
from daemon.reader import Reader
from daemon.schedule import ZONE, Schedule, next_fire
from daemon.token import load_token
from daemon.view import View
from daemon.writing.applier import Applier
from daemon.writing.plugins import Plugins
from daemon.writing.undoing import Undoing
from vault_sync.checkup.inspection import Inspector
from vault_sync.errors import VaultError
from vault_sync.index.generations import Generations
from vault_sync.index.records import NoteRecord
from vault_sync.index.sync import Indexer
from vault_sync.paths import VaultPath, is_note
from vault_sync.policy.policy import Use
from vault_sync.ports import Embedder
from vault_sync.search.rerank import SecondLook
from vault_sync.search.search import Searcher
from vault_sync.vault import Vault
from vault_sync.watching.change import Coalescer
from vault_sync.watching.mount import is_network
from vault_sync.watching.syncing import Syncing
from vault_sync.writing.journal import Journal, Limits
from vault_sync.writing.write import Writer

log = logging.getLogger(__name__)

_WAITS_NO_LONGER = 0.2


class Famulus:
    """Everything that serves one vault. Build it with `compose`, end it with `close`."""

    def __init__(self, settings: Settings, vault: Vault, lock: VaultLock) -> None:
        """The lock must be held. Raises VaultError, ConfigError."""
        self.settings = settings
        self.vault = vault
        self.lock = lock
        self.bus = Bus()
        self.courtesy = Courtesy()
        self._closed = False
        self.token = load_token(settings.data_dir)
        self.token_file = settings.data_dir / "token"
        self.policy = LivePolicy(settings, vault)
        self.host = EngineHost(settings.engine_specs(), settings.roles, settings.host.sharing)
        self.announcer = Announcer(self.bus)
        chats = self.host.roles.engines.values()
        self.tallies = tallies_of(chats, settings.server.max_waiting, self.announcer.changed)
        self.announcer.tallies, self.announcer.devices = self.tallies, self.host.residency.memory
        self.roles = counted(self.host.roles, self.tallies)
        self.embedder: Embedder = GuardedEmbedder(self.host.embedder)
        folder = folder_of(settings.data_dir, vault)
        self.state = open_state(folder)
        self.ledger, stores = open_index(settings, folder, vault)
        spec = settings.embedder_spec()
        self.generations = Generations(self.ledger, stores, self.embedder, recipe(spec), Recipes(self.host.former))
        self.store = self.generations.store
        limits = Limits(settings.journal.keep_days * 86400, int(settings.journal.max_mb * 2**20))
        self.journal = Journal(self.state, limits)
        self.writer = Writer(vault, self.journal, self.policy, settings.writing.settle_seconds)
        self.reranker = (
            GuardedReranker(self.host.reranker, settings.search.rerank_seconds) if self.host.reranker else None
        )
        second_look = SecondLook(self.reranker, settings.search.rerank_depth) if self.reranker else None
        self.searcher = Searcher(
            self.ledger,
            self.store,
            self.generations.embedder,
            self.policy,
            settings.search.weights,
            second_look,
            self.generations.serving,
        )
        self.view = View(vault, self.ledger, self.policy)
        self.bus.may_tell = self.view.told
        self.reader = Reader(vault, self.policy, int(settings.notes.max_note_mb * 2**20))
        self.read, self.text_of = self.reader.read, self.reader.text_of
        self.models = ModelNames(self.host, self.roles, self.embedder, settings.roles)
        self._build_index()
        self._build_verifying()
        self._build_writing()
        self._build_agents()

    def _build_index(self) -> None:
        notes = self.settings.notes
        self.indexer = Indexer(
            self.vault,
            self.ledger,
            self.store,
            self.generations.embedder,
            self.policy,
            max_note_bytes=int(notes.max_note_mb * 1024 * 1024),
            chunk_chars=notes.chunk_chars,
            generations=self.generations,
        )
        coalescer = Coalescer(notes.quiet_seconds, notes.longest_seconds)
        polling = notes.polling if notes.polling is not None else is_network(self.vault.root)
        self.upkeep = Upkeep(self.indexer, self.bus, coalescer, notes.rescan_seconds, polling=polling)
        self.upkeep.reload = self.policy.reload
        self.forgetting = Forgetting(self)
        self.indexer.on_taken = self.forgetting.taken
        self.indexer.on_policy = self.forgetting.policy_changed

    def _build_verifying(self) -> None:
        self.verifying = Verifying(
            Inspector(
                self.vault,
                self.policy,
                self.ledger,
                self.store,
                self.state,
                self.writer,
                max_note_bytes=self.indexer.max_note_bytes,
                chunk_chars=self.indexer.chunk_chars,
                under_way_seconds=UNDER_WAY,
                should_stop=lambda: self.indexer.should_stop(),
            ),
            self.upkeep,
        )

    def _build_writing(self) -> None:
        settings = self.settings.writing
        self.syncing = Syncing(self.vault.root)
        self.upkeep.on_hint = self.syncing.heard
        self.plugins = Plugins(self.bus, settings.plugin_seconds, self._provable, self.reader.digest_of)
        self.applier = Applier(
            self.writer, self.plugins, self.syncing, self.bus, settings, lambda: self.upkeep.status().problem
        )
        self.undoing = Undoing(self)

    def _provable(self) -> list[VaultPath]:
        return [path for path in self.view.paths("events") if is_note(path)]

    def _build_agents(self) -> None:
        self.mastery = MasteryBook(self.state)
        self.prompts = Prompts(prompt_overrides(self))
        roles = polite(self.roles, self.courtesy)
        self.answerer = Answerer(
            self.searcher,
            self.embedder,
            roles,
            self.mastery,
            self.prompts,
            lambda path: self.policy.current.allows(path, "chat") and self.ledger.note(path) is not None,
        )
        linking = self.settings.linking
        self.links = LinkPaths(self.ledger, linking.form, linking.vault or self.vault.root.name)
        self.relater = Relater(roles, RelationProof(self.mastery, self.prompts), self.prompts, self.state)
        self.sample = Sample(self.ledger)
        self.linker = Linker(
            *(self.ledger, self.searcher, roles, self.mastery, self.prompts, self.state),
            policy=self.policy,
            limits=LinkLimits(linking.most, linking.least),
            links=self.links,
            relater=self.relater,
            read=self.read,
            sample=self.sample,
        )
        self.properties = Properties()
        describer = Describer(roles, self.mastery, self.prompts)
        choice = Choice(linking.tags, linking.description, linking.new_tags)
        self.wisher = Wisher(self.ledger, self.searcher, describer, self.policy, choice, self.sample)
        self.enriching = Enriching(self)
        self.gate = Gate(self.state, self.settings.linking.rules)
        self.sections = Sections(
            *(self.ledger, self.searcher, self.read),
            Author(
                roles, self.mastery, self.prompts, Assessor(self.embedder), lambda: self.sample.current().boilerplate
            ),
            SectionBook(self.state),
            self.links,
            policy=self.policy,
            folder=self.settings.sections.folder,
        )
        self.names = names_of(self)
        self.mentioner = mentioner_of(self)
        self.kinds = kinds(self.linker, self.mentioner, self.properties, self.sections)
        handlers = {name: kind.handler for name, kind in self.kinds.items()}
        self.inbox = Inbox(self.state, self.read, handlers, allowed=self._proposable, own=_owns)
        self.linker.on_taken_out = lambda path, gone: self.inbox.verdicts.taken_out(path, LINKS, gone)
        self.linking = Linking(self)
        self.deciding = Deciding(self)
        self.sectioning = Sectioning(self)
        self.proposing = Proposing(self)
        self.jobs = Jobs(self, producers(self))
        self.autolink = AutoLink(self.settings.linking, self.linking.on_saved, self._not_linked)
        self.warming = warming_of(self)
        self.upkeep.on_saved = self.saved
        self.upkeep.on_uncovered = lambda path: self.schedule.saved(path)
        self.indexer.on_moved = Moving(self).moved
        self.indexer.written_to = self.journal.written_to
        self.digests = Digests(
            *(self.ledger, self.read, roles, self.mastery, self.prompts, self.state, next_fire, ZONE),
            policy=self.policy,
            links=self.links,
            exists=lambda path: self.vault.stamp(path) is not None,
        )
        self.schedule = Schedule(self.digests, self._is_digest, self.applier, self.bus)

    def _proposable(self, path: VaultPath, kind: str) -> bool:
        return self.view.shown(path, self.kinds[kind].use if kind in self.kinds else "notes")

    def _is_digest(self, path: VaultPath) -> bool:
        note = self.ledger.note(path)
        return note is not None and bool(note.digest)

    def _not_linked(self, path: VaultPath, error: VaultError | AgentError) -> None:
        self.bus.publish("note.problem", path=path, message=error.effect, cause=error.cause, fix=error.fix)

    def saved(self, path: VaultPath) -> None:
        """A note was saved and is indexed; called in the upkeep's thread."""
        self.autolink.saved(path)
        self.schedule.saved(path)

    async def start(self) -> None:
        """Begin to watch, to link on save and to run digests. Call from the event loop."""
        swept = await self.applier.sweep()
        if swept:
            log.info("Removed %d temporary files of an earlier run.", swept)
        self.autolink.start()
        self.schedule.start()
        self.warming.start()
        self.work()

    def work(self) -> None:
        """Watch, and carry on with jobs: all that a command needs which runs a job beside no daemon."""
        self.upkeep.start()
        self.jobs.start()

    async def catch_up(self, *, thorough: bool = False) -> None:
        """Bring the index up to date once, without watching: what a command does that runs beside no daemon.

        With `thorough` also what waits for a quiet moment is done.
        """
        await self.applier.sweep()
        await asyncio.to_thread(self.upkeep.catch_up)
        if thorough:
            await asyncio.to_thread(self.upkeep.finish)

    async def close(self) -> None:
        """End all threads and processes, the newest first, and let go of the vault. A second call does nothing."""
        if self._closed:
            return
        self._closed = True
        self.schedule.stop()
        await self.jobs.stop()
        await self.warming.stop()
        await self.autolink.stop()
        await self._stop_upkeep()
        self.announcer.stop()
        await self.host.close()
        self.generations.close()
        self.ledger.close()
        self.state.close()
        self.lock.release()

    async def _stop_upkeep(self) -> None:
        """It may wait for an engine that has no room for as long as another program needs the card."""
        stopping = asyncio.ensure_future(asyncio.to_thread(self.upkeep.stop))
        while not stopping.done():
            self.host.residency.dismiss()
            await asyncio.wait({stopping}, timeout=_WAITS_NO_LONGER)
        await stopping

    def known_note(self, path: VaultPath, use: Use = "notes") -> NoteRecord:
        """The record of a note that may be put to this use, found also by its title. Raises NoteNotFoundError."""
        return self.view.note(path, use)

    def passed_over(self) -> dict[str, str]:
        """Files that the last scan passed over, with the reason."""
        return self.view.passed_over(self.indexer.passed_over)


def _owns(path: VaultPath, data: bytes) -> tuple[str, str]:
    """What links and sections know a note's own text by."""
    return own_hash(path, data), sections.own_hash(path, data)


def compose(settings: Settings) -> Famulus:
    """Build everything for the vault that the settings name, its lock taken. Raises VaultError, ConfigError."""
    vault, data_dir = locate(settings)
    lock = VaultLock(vault.id)
    lock.take()
    try:
        return Famulus(settings.model_copy(update={"data_dir": data_dir}), vault, lock)
    except BaseException:
        lock.release()
        raise
