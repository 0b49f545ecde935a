"""SQLAlchemy: its core, its mapper, reflection, streams, savepoints, pools, on psycopg 2."""
import enum

from sqlalchemy import (ARRAY, Column, Enum, ForeignKey, Integer, MetaData, Numeric, String, Table, create_engine, event, func,
                        insert, inspect, select, text, update)
from sqlalchemy.dialects.postgresql import JSONB, insert as upsert
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session, declarative_base, joinedload, relationship, selectinload

Base = declarative_base()


class Mood(enum.Enum):
    sad = 1
    fine = 2


class Person(Base):
    __tablename__ = "people"
    id = Column(Integer, primary_key=True)
    name = Column(String(50), unique=True, nullable=False)
    mood = Column(Enum(Mood))
    more = Column(JSONB)
    tags = Column(ARRAY(String))
    notes = relationship("Note", back_populates="person", cascade="all, delete-orphan", order_by="Note.id")


class Note(Base):
    __tablename__ = "notes"
    id = Column(Integer, primary_key=True)
    person_id = Column(ForeignKey("people.id"))
    body = Column(String)
    worth = Column(Numeric(10, 2))
    person = relationship("Person", back_populates="notes")


engine = create_engine("postgresql+psycopg2://", future=True)
print(engine.connect().dialect.server_version_info)
Base.metadata.create_all(engine)
Base.metadata.create_all(engine)  # finds them there
look = inspect(engine)
print(sorted(look.get_table_names()))
for table in ("people", "notes"):
    print(table, [(c["name"], str(c["type"]), c["nullable"], c["default"]) for c in look.get_columns(table)])
    print(look.get_pk_constraint(table), look.get_foreign_keys(table), look.get_indexes(table), look.get_unique_constraints(table))
print(look.get_enums(), look.get_schema_names(), look.get_view_names())

with Session(engine) as session:
    session.add_all([Person(name=f"p{i}", mood=Mood.fine, more={"i": i}, tags=["a", f"t{i}"],
                            notes=[Note(body=f"n{i}{j}", worth=i + j / 10) for j in range(3)]) for i in range(20)])
    session.commit()
    print(session.scalar(select(func.count()).select_from(Note)))
    for person in session.scalars(select(Person).options(selectinload(Person.notes)).where(Person.id < 4).order_by(Person.id)):
        print(person.id, person.name, person.mood, person.more, person.tags, [(n.body, n.worth) for n in person.notes])
    first = session.scalars(select(Person).options(joinedload(Person.notes)).where(Person.name == "p0")).unique().one()
    first.notes.pop()
    first.name = "renamed"
    session.flush()
    try:
        with session.begin_nested():
            session.add(Person(name="p1"))
            session.flush()
    except DBAPIError as e:
        print(type(e).__name__, e.orig.pgcode)
    session.commit()
    print(session.get(Person, first.id).name, len(first.notes))
    session.delete(first)
    session.commit()
    print(session.scalar(select(func.count()).select_from(Note)))
    print(session.execute(select(Person.mood, func.count(), func.sum(Note.worth)).join(Note).group_by(Person.mood)).all())

with engine.begin() as connection:
    result = connection.execute(insert(Person).returning(Person.id), [{"name": "r"}] )
    print(result.rowcount)
    statement = upsert(Person).values(name="p1", tags=["z"])
    connection.execute(statement.on_conflict_do_update(index_elements=["name"], set_={"tags": statement.excluded.tags}))
    print(connection.execute(select(Person.tags).where(Person.name == "p1")).all())
    print(connection.execute(update(Person).where(Person.name.like("p1%")).values(mood=Mood.sad)).rowcount)
    connection.execute(insert(Note), [{"body": f"many {i}", "worth": i} for i in range(2500)])
    print(connection.scalar(select(func.count()).select_from(Note)))
with engine.connect() as connection:
    streamed = connection.execution_options(stream_results=True, max_row_buffer=100).execute(select(Note.id).order_by(Note.id))
    print(sum(1 for _ in streamed))
    connection.rollback()
for level in ("SERIALIZABLE", "REPEATABLE READ", "READ COMMITTED", "AUTOCOMMIT"):
    with engine.connect().execution_options(isolation_level=level) as connection:
        print(connection.scalar(text("SHOW transaction_isolation")))
reflected = MetaData()
reflected.reflect(engine)
print({name: [c.name for c in table.columns] for name, table in sorted(reflected.tables.items())})
made = Table("made", MetaData(), Column("a", Integer, primary_key=True), Column("b", String, server_default="x"))
with engine.begin() as connection:
    made.create(connection)
    connection.execute(made.insert().values(a=1))
    print(connection.execute(select(made)).all())
    made.drop(connection)
two_phase = create_engine("postgresql+psycopg2://", future=True)
with two_phase.connect() as connection:
    transaction = connection.begin_twophase(xid="sqlalchemy-1")
    try:
        connection.execute(insert(Person).values(name="two phases"))
        transaction.prepare()
        transaction.commit()
        print(connection.scalar(select(func.count()).select_from(Person).where(Person.name == "two phases")))
    except DBAPIError as e:
        print(type(e).__name__, e.orig.pgcode, e.orig)
checked = create_engine("postgresql+psycopg2://", pool_pre_ping=True, pool_size=2, future=True)
for _ in range(3):
    with checked.connect() as connection:
        print(connection.scalar(text("SELECT 1")))
Base.metadata.drop_all(engine)
print(inspect(engine).get_table_names())
