#include "agent/definition_book.h"

#include <gmock/gmock.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>

namespace rollcall::agent {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using Urge = DefinitionBook::Urge;

constexpr WallTime kWritten{seconds(1'700'000'000)};

std::string Node(int port = 9100) {
  return "services:\n- {service: node, port: " + std::to_string(port) + "}\n";
}
std::string Service(const std::string& name) {
  return "services:\n- {service: " + name + ", port: 1}\n";
}

class Book : public ::testing::Test {
 protected:
  void Put(const std::string& name, const std::string& text) {
    look_.files.insert_or_assign(name, DirectoryLook::File{text, kWritten});
  }
  void Break(const std::string& name) {
    look_.files.insert_or_assign(
        name, DirectoryLook::File{Fail(ErrorCode::kUnavailable, name + ": Permission denied"), {}});
  }
  bool Look(milliseconds later = milliseconds(0), Urge urge = Urge::kSettle) {
    now_ += later;
    return book_.Take(look_, now_, urge);
  }
  // So that what is there counts.
  void Settle() {
    Look();
    Look(seconds(1));
  }
  std::vector<std::string> Ids() {
    std::vector<std::string> ids;
    for (const Defined& defined : book_.Definitions()) ids.push_back(IdOf(defined.definition));
    return ids;
  }
  void Restart() { book_ = DefinitionBook("services.d", {.name = "server01"}, book_.kept()); }

  DirectoryLook look_{.identity = "1:1"};
  SteadyTime now_{seconds(1000)};
  DefinitionBook book_{"services.d", {.name = "server01"}, {}};
};

TEST_F(Book, WhatIsThereAtTheStartCountsAtOnce) {
  Put("b.yml", Service("b"));
  Put("a.yml", Node());
  EXPECT_TRUE(Look());
  EXPECT_THAT(Ids(), ElementsAre("node/:9100", "b/:1"));
  EXPECT_EQ(book_.Definitions()[0].at, kWritten);
  EXPECT_EQ(book_.Definitions()[0].definition.file, "services.d/a.yml");
  EXPECT_FALSE(Look(seconds(10))) << "nothing has changed";
}

TEST_F(Book, AChangeCountsOnceItHasStoodForASecond) {
  Put("a.yml", Node());
  Look();
  Put("a.yml", Node(9200));
  EXPECT_FALSE(Look());
  EXPECT_TRUE(book_.restless());
  EXPECT_FALSE(Look(milliseconds(900)));
  EXPECT_THAT(Ids(), ElementsAre("node/:9100"));
  EXPECT_TRUE(Look(milliseconds(100)));
  EXPECT_FALSE(book_.restless());
  EXPECT_THAT(Ids(), ElementsAre("node/:9200"));
}

TEST_F(Book, AFileThatIsBeingWrittenTakesNothingAway) {
  Put("a.yml", Node());
  Look();
  Put("a.yml", "");  // truncated, and not yet written
  EXPECT_FALSE(Look());
  Put("a.yml", "services:\n");  // which is sound as well
  EXPECT_FALSE(Look(milliseconds(999)));
  Put("a.yml", Node());
  EXPECT_FALSE(Look(milliseconds(999)));
  look_.files.clear();  // renamed to a.yml~, the new one not yet there
  EXPECT_FALSE(Look(milliseconds(10)));
  Put("a.yml", Node());
  EXPECT_FALSE(Look(milliseconds(10)));
  EXPECT_FALSE(Look(seconds(10)));
  EXPECT_THAT(Ids(), ElementsAre("node/:9100"));
}

TEST_F(Book, TheOperatorNeedNotWait) {
  Put("a.yml", Node());
  Look();
  Put("a.yml", Node(9200));
  EXPECT_TRUE(Look({}, Urge::kNow));
  EXPECT_THAT(Ids(), ElementsAre("node/:9200"));
}

TEST_F(Book, AnEmptiedOrRemovedFileDefinesNothing) {
  Put("a.yml", Node());
  Put("b.yml", Service("b"));
  Look();
  Put("a.yml", "# none any more\n");
  look_.files.erase("b.yml");
  Settle();
  EXPECT_THAT(Ids(), IsEmpty());
  EXPECT_THAT(book_.problems(), IsEmpty());
}

TEST_F(Book, ABrokenFileKeepsWhatItLastDefinedAndNamesTheLine) {
  Put("a.yml", Node());
  Look();
  for (const bool restart : {false, true}) {
    if (restart) Restart();
    Put("a.yml", "services:\n- service: node\n  port: [9100\n");
    Settle();
    EXPECT_THAT(Ids(), ElementsAre("node/:9100"));
    EXPECT_THAT(book_.problems(), ElementsAre(HasSubstr("services.d/a.yml:")));
    EXPECT_THAT(book_.problems()[0], HasSubstr("what it last defined stays"));
    EXPECT_EQ(book_.Definitions()[0].at, WallTime())
        << "the file's time is not that of what counts";
    Break("a.yml");
    Settle();
    EXPECT_THAT(Ids(), ElementsAre("node/:9100"));
    EXPECT_THAT(book_.problems(), ElementsAre(HasSubstr("Permission denied; what it last")));
  }
  Put("a.yml", Node(9200));
  Settle();
  EXPECT_THAT(Ids(), ElementsAre("node/:9200"));
  EXPECT_THAT(book_.problems(), IsEmpty());
}

TEST_F(Book, ABrokenFileIsInNobodysWay) {
  Put("a.yml", "{");
  Put("b.yml", Service("b"));
  Look();
  EXPECT_THAT(Ids(), ElementsAre("b/:1"));
  EXPECT_THAT(book_.problems(), ElementsAre(HasSubstr("a.yml:")));
}

TEST_F(Book, ADirectoryThatCannotBeReadChangesNothing) {
  Put("a.yml", Node());
  Look();
  look_ = {.problem = Error{ErrorCode::kUnavailable, "services.d: No such file or directory"}};
  for (const Urge urge : {Urge::kSettle, Urge::kNow}) {
    EXPECT_FALSE(Look(seconds(10), urge));
    EXPECT_THAT(Ids(), ElementsAre("node/:9100"));
    EXPECT_THAT(book_.problems(), ElementsAre(HasSubstr("all that was defined stays")));
  }
  Restart();
  EXPECT_TRUE(Look()) << "the first look";
  EXPECT_THAT(Ids(), ElementsAre("node/:9100"));
}

TEST_F(Book, AnotherDirectoryInItsPlaceTakesNothingAwayUnlessItIsMeant) {
  Put("a.yml", Node());
  Put("b.yml", Service("b"));
  Look();
  look_ = {.identity = "2:1"};  // what the mount had covered
  Put("c.yml", Service("c"));
  Settle();
  EXPECT_THAT(Ids(), ElementsAre("node/:9100", "b/:1", "c/:1"));
  EXPECT_THAT(book_.problems(), ElementsAre(HasSubstr("another directory than before")));
  Restart();
  Settle();
  EXPECT_THAT(Ids(), ElementsAre("node/:9100", "b/:1", "c/:1"));
  EXPECT_TRUE(Look({}, Urge::kNow));
  EXPECT_THAT(Ids(), ElementsAre("c/:1"));
  EXPECT_THAT(book_.problems(), IsEmpty());
  look_.files.clear();
  Settle();
  EXPECT_THAT(Ids(), IsEmpty()) << "it has become the known one";
}

TEST_F(Book, AnotherDirectoryThatLacksNothingIsAsGood) {
  Put("a.yml", Node());
  Look();
  look_.identity = "1:2";
  Look();
  EXPECT_THAT(book_.problems(), IsEmpty());
  look_.files.clear();
  Settle();
  EXPECT_THAT(Ids(), IsEmpty());
}

TEST_F(Book, RemovalsWhileTheAgentWasDownCount) {
  Put("a.yml", Node());
  Look();
  Restart();
  look_.files.clear();
  Look();
  EXPECT_THAT(Ids(), ElementsAre("node/:9100")) << "it may be on its way";
  Look(seconds(1));
  EXPECT_THAT(Ids(), IsEmpty());
}

TEST_F(Book, WhoDefinesWhatAnotherFileDoesIsRefused) {
  Put("b.yml", Node());
  Look();
  Put("a.yml", "services:\n- {service: x, port: 1}\n- {service: node, port: 9100}\n");
  Settle();
  EXPECT_THAT(Ids(), ElementsAre("node/:9100")) << "the whole file, and not the one that was first";
  EXPECT_THAT(book_.problems(),
              ElementsAre("services.d/a.yml:3: node/:9100 is defined twice, also at "
                          "services.d/b.yml:2"));
  look_.files.erase("b.yml");
  Settle();
  EXPECT_THAT(Ids(), ElementsAre("x/:1", "node/:9100")) << "moved";
  EXPECT_THAT(book_.problems(), IsEmpty());
}

TEST_F(Book, FilesMayExchangeWhatTheyDefine) {
  Put("a.yml", Service("a"));
  Put("b.yml", Service("b"));
  Look();
  Put("a.yml", Service("b"));
  Put("b.yml", Service("a"));
  Settle();
  EXPECT_THAT(Ids(), ElementsAre("b/:1", "a/:1"));
  EXPECT_THAT(book_.problems(), IsEmpty());
}

TEST_F(Book, WhatAnotherRollcallWroteCountsThoughItIsNotKnown) {
  book_ = DefinitionBook("services.d", {.name = "server01"},
                         {.identity = "1:1", .files = {{"a.yml", "services:\n- {new: field}\n"}}});
  Break("a.yml");
  Look();
  EXPECT_THAT(Ids(), IsEmpty());
  EXPECT_THAT(book_.Unknown(), ElementsAre("services.d/a.yml"));
  Put("a.yml", Node());
  Settle();
  EXPECT_THAT(Ids(), ElementsAre("node/:9100"));
  EXPECT_THAT(book_.Unknown(), IsEmpty());
}

TEST(ServicesDirectory, IsReadWholeOrNotAtAll) {
  namespace fs = std::filesystem;
  std::string name = (fs::temp_directory_path() / "services_XXXXXX").string();
  ASSERT_NE(mkdtemp(name.data()), nullptr);
  const fs::path directory = name;
  const auto put = [&](const std::string& file, const std::string& text) {
    std::ofstream(directory / file) << text;
  };
  put("a.yml", "a");
  put("b.yaml", "b");
  put(".c.yml", "c");
  put("d.yml~", "d");
  put("e.yml.dpkg-new", "e");
  fs::create_directory(directory / "f.yml");
  fs::create_symlink("nowhere", directory / "g.yml");
  const DirectoryLook look = LookAt(directory);
  EXPECT_FALSE(look.problem);
  EXPECT_THAT(look.identity, HasSubstr(":"));
  std::vector<std::string> names;
  for (const auto& [file, seen] : look.files) names.push_back(file);
  EXPECT_THAT(names, ElementsAre("a.yml", "b.yaml", "f.yml", "g.yml"));
  EXPECT_EQ(look.files.at("a.yml").text, "a");
  EXPECT_GT(look.files.at("a.yml").changed, WallTime());
  EXPECT_FALSE(look.files.at("f.yml").text);
  EXPECT_FALSE(look.files.at("g.yml").text) << "a link into what is not mounted is no removal";
  fs::remove_all(directory);
  EXPECT_TRUE(LookAt(directory).problem);
}

}  // namespace
}  // namespace rollcall::agent
